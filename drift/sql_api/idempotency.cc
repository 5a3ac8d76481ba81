#include "drift/sql_api/idempotency.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "drift/aws/digest.h"
#include "drift/base/error.h"

namespace drift::sql_api {
namespace {

// One value of one row.
class Value : public sql::RowSink {
 public:
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    text = row.front().value_or("");
    return sql::Wanted::kMore;
  }
  std::string text;  // "" for NULL
};

sql::Statement asking(std::string text, std::string parameter, sql::RowSink* sink) {
  sql::Statement statement;
  statement.text = std::move(text);
  if (!parameter.empty()) statement.parameters = {std::move(parameter)};
  statement.sink = sink;
  return statement;
}

}  // namespace

IdempotencyKey idempotency_key(const std::string& key, const std::string& database,
                               const std::string& request) {
  const std::string all =
      fmt::format("schema-drift key 1\n{} {}{}", database.size(), database, key);
  return {aws::sha256_hex(all), aws::sha256_hex(request)};
}

sql::Statement lock_statement(const IdempotencyKey& key) {
  std::uint64_t number = 0;
  std::from_chars(key.name.data(), key.name.data() + 16, number, 16);
  return asking("SELECT pg_catalog.pg_advisory_xact_lock($1::pg_catalog.int8)",
                fmt::format("{}", static_cast<std::int64_t>(number)), nullptr);
}

std::optional<Error> still_under_way(const sql::ServerError& error) {
  if (error.sqlstate != "55P03") return {};
  return Error{Fault::kTimedOut, "another request with this idempotency key is still under way",
               "ask again when it is over: it then has an answer for both"};
}

std::optional<std::string> earlier_answer(sql::Connection& connection, const KeptAnswers& answers,
                                          const IdempotencyKey& key, const Stop& stop) {
  const std::optional<KeptAnswer> kept = answers.find(key.name, stop);
  if (!kept) return {};
  if (kept->request != key.request) {
    throw Error{Fault::kUsage, "this idempotency key came with another request before",
                "a key is for one statement with its parameters: make a new one for each change"};
  }
  Value status;
  const auto outcome = connection
                           .run({{asking("SELECT pg_catalog.txid_status($1::pg_catalog.int8)",
                                         kept->transaction, &status)}},
                                stop)
                           .front();
  if (!outcome.error && status.text == "committed") return kept->answer;
  if (!outcome.error && status.text == "aborted") return {};
  throw Error{Fault::kUnsupported,
              "a change came under this idempotency key, and the database does not know any more "
              "whether it was made",
              "look at the rows, and make a new key where it was not"};
}

void keep_answer(sql::Connection& connection, const KeptAnswers& answers, const IdempotencyKey& key,
                 const std::string& answer, const Stop& stop) {
  Value number;
  const auto outcome =
      connection.run({{asking("SELECT pg_catalog.txid_current()", "", &number)}}, stop).front();
  if (outcome.error || number.text.empty()) {
    throw Error{Fault::kInternal, "the database does not tell the number of the transaction",
                "nothing was changed"};
  }
  answers.put(key.name, {key.request, number.text, answer}, stop);
}

}  // namespace drift::sql_api
