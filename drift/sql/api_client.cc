#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "drift/aws/services/lambda.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql/api_error.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

class SqlApiSource : public SqlSource {
 public:
  SqlApiSource(aws::Session& session, std::string function, const Stop& stop,
               std::vector<std::string> warnings)
      : session_(session),
        function_(std::move(function)),
        stop_(stop),
        warnings_(std::move(warnings)) {}

  std::variant<ResultSet, SqlFailure> query(const std::string& statement) override;
  std::string description() const override {
    return one_line(function_.starts_with("arn:") ? function_ : "lambda:" + function_);
  }
  bool may_be_own_api() const override { return typed_; }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  SqlFailure failed(const aws::Invocation& invocation) const;

  aws::Session& session_;
  std::string function_;
  const Stop& stop_;
  std::vector<std::string> warnings_;
  bool typed_ = false;
};

std::variant<ResultSet, SqlFailure> SqlApiSource::query(const std::string& statement) {
  // Functions that let nothing but reading through often look for SELECT at the very beginning.
  const std::size_t begin = statement.find_first_not_of(" \t\n");
  const std::string select = begin == std::string::npos ? statement : statement.substr(begin);
  const std::string payload = nlohmann::json{{"query", select}}.dump();
  const aws::Invocation invocation = aws::invoke(session_, function_, payload, stop_);
  if (!invocation.function_error.empty()) return failed(invocation);
  try {
    auto answer = sql_api_answer(invocation.payload);
    if (const auto* rows = std::get_if<ResultSet>(&answer)) typed_ = rows->typed;
    return answer;
  } catch (const Error& error) {
    throw Error{error.fault, fmt::format("{}: {}", description(), error.what()), error.hint};
  }
}

SqlFailure SqlApiSource::failed(const aws::Invocation& invocation) const {
  const FunctionFailure failure = function_failure(invocation.payload, invocation.log_tail);
  const std::string log =
      failure.log_end.empty() ? "" : fmt::format("; its log ends: {}", failure.log_end);
  if (!failure.sqlstate.empty()) return {failure.sqlstate, failure.message + log};
  throw Error{Fault::kSqlApiFailed,
              fmt::format("{} failed ({}): {}{}", description(),
                          one_line(invocation.function_error, 40), failure.message, log),
              failure.timed_out
                  ? "the database may not answer the function: look at its security group and its "
                    "connections, or raise the function's timeout"
                  : "the function's log group in CloudWatch tells more; a function that cannot "
                    "connect often lacks its secret or its network"};
}

}  // namespace

std::unique_ptr<SqlSource> open_sql_api(aws::Session& session, const std::string& function,
                                        const Stop& stop, std::vector<std::string> warnings) {
  return std::make_unique<SqlApiSource>(session, function, stop, std::move(warnings));
}

}  // namespace drift::sql
