#include "drift/schema/catalog/function_snapshot.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/base64.h"
#include "drift/base/deflate.h"
#include "drift/base/error.h"
#include "drift/schema/catalog/own_function.h"
#include "drift/schema/catalog/query_snapshot.h"
#include "drift/schema/snapshot.h"
#include "drift/sql/json_text.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/strict_json.h"

namespace drift::schema {
namespace {

constexpr int kTries = 3;
constexpr std::size_t kMostPages = 1000;  // as the request's key `page`

struct Page {
  std::string bytes, digest;
  std::size_t pages = 0;
};

class Reading {
 public:
  Reading(aws::Session& session, const std::string& function,
          const production::VersionTableName& table, const Stop& stop)
      : session_(session), function_(function), table_(table), stop_(stop) {}

  std::string read();

 private:
  std::optional<Page> page(std::size_t number, const std::string& digest) const;
  Page understood(const std::string& payload) const;
  std::string request(std::size_t number, const std::string& digest) const;
  std::string name() const { return function_in_words(function_); }
  [[noreturn]] void gives_none(const std::string& why) const { function_does_not(function_, why); }
  [[noreturn]] void not_understood(const std::string& why) const {
    throw Error{Fault::kSqlApiFailed, fmt::format("{} answered no snapshot: {}", name(), why),
                "it must be schema-drift's own SQL API, of this version or a later one"};
  }

  aws::Session& session_;
  const std::string& function_;
  const production::VersionTableName& table_;
  const Stop& stop_;
};

std::string Reading::request(std::size_t number, const std::string& digest) const {
  sql::JsonObject request;
  request.add("action", "snapshot").add("table", table_.table).add_if_any("schema", table_.schema);
  if (!digest.empty()) request.add_json("page", std::to_string(number)).add("digest", digest);
  return request.take();
}

std::size_t number_in(const sql::JsonValue* value) {
  std::size_t number = 0;
  if (value == nullptr || !value->is(sql::JsonValue::Kind::kNumber)) return 0;
  std::from_chars(value->text.data(), value->text.data() + value->text.size(), number);
  return number;
}

Page Reading::understood(const std::string& payload) const {
  const auto read = sql::read_json(payload);
  const auto* value = std::get_if<sql::JsonValue>(&read);
  if (value == nullptr) not_understood("its answer " + std::get<sql::JsonRefusal>(read).reason);
  const sql::JsonValue* letters = value->find("snapshot");
  const sql::JsonValue* digest = value->find("digest");
  using Kind = sql::JsonValue::Kind;
  if (letters == nullptr) {
    gives_none("gives no snapshot: its answer is " + sql::description_of(*value));
  }
  if (!letters->is(Kind::kString) || digest == nullptr || !digest->is(Kind::kString)) {
    not_understood("its answer is " + sql::description_of(*value));
  }
  std::optional<std::string> bytes = base64_decoded(letters->text);
  Page page;
  page.pages = number_in(value->find("pages"));
  if (!bytes || page.pages == 0 || page.pages > kMostPages) not_understood("a page is damaged");
  page.bytes = std::move(*bytes);
  page.digest = digest->text;
  return page;
}

// Nothing where the schema is another one than on the first page.
std::optional<Page> Reading::page(std::size_t number, const std::string& digest) const {
  const std::optional<std::string> answer =
      ask_own_function(session_, function_,
                       {"snapshot", request(number, digest), "gives no snapshot",
                        digest.empty() ? "" : "between two pages"},
                       stop_);
  if (!answer) return {};
  return understood(*answer);
}

std::string Reading::read() {
  for (int i = 0; i < kTries; ++i) {
    const std::optional<Page> first = page(1, "");
    std::string bytes = first->bytes;
    bool whole = true;
    for (std::size_t number = 2; whole && number <= first->pages; ++number) {
      const std::optional<Page> next = page(number, first->digest);
      whole = next && next->digest == first->digest && next->pages == first->pages;
      if (whole) bytes += next->bytes;
      if (bytes.size() > kMaxSnapshotBytes) not_understood("it is too large");
    }
    if (!whole) continue;
    if (aws::sha256_hex(bytes) != first->digest) not_understood("its digest does not match");
    std::optional<std::string> text = inflated(bytes, kMaxSnapshotBytes);
    if (!text) not_understood("it is damaged");
    return std::move(*text);
  }
  throw Error{Fault::kSqlFailed,
              fmt::format("the schema behind {} changed while it was read, {} times in a row",
                          name(), kTries),
              "a migration may be running: run again when it has finished", true};
}

}  // namespace

std::string function_snapshot(aws::Session& session, const std::string& function,
                              const production::VersionTableName& table, const Stop& stop) {
  return Reading(session, function, table, stop).read();
}

std::string snapshot_through_function(aws::Session& session, const std::string& function,
                                      const production::VersionTableName& table, const Stop& stop) {
  try {
    return function_snapshot(session, function, table, stop);
  } catch (const Error& error) {
    if (error.fault != Fault::kUnsupported) throw;
    const auto source = sql::open_sql_api(session, function, stop);
    try {
      Catalog catalog = read_catalog_by_queries(*source, table, stop);
      return snapshot_text(catalog.header, std::move(catalog.lines));
    } catch (const Error& other) {
      if (other.fault != Fault::kUnsupported) throw;
      throw Error{Fault::kUnsupported, fmt::format("{}; and {}", error.what(), other.what()),
                  error.hint};
    }
  }
}

}  // namespace drift::schema
