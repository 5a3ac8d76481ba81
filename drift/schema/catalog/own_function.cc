#include "drift/schema/catalog/own_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

#include "drift/aws/services/lambda.h"
#include "drift/base/error.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql/api_error.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

// docs/sql-api.md: what our own handler says of a catalog that it tried to read.
bool is_our_failure(const std::string& type) {
  static constexpr std::array<std::string_view, 14> kTypes = {
      "sql_failed",       "connection_failed", "database_authentication_failed",
      "tls_failed",       "timed_out",         "permission_denied",
      "interrupted",      "configuration",     "no_credentials",
      "access_denied",    "aws_failed",        "http_failed",
      "answer_too_large", "internal"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

}  // namespace

void function_does_not(const std::string& function, const std::string& why) {
  throw Error{Fault::kUnsupported, fmt::format("{} {}", function_in_words(function), why),
              "schema-drift's own SQL API does, in this version: docs/sql-api.md; or give the "
              "database's own URL"};
}

std::optional<std::string> ask_own_function(aws::Session& session, const std::string& function,
                                            const FunctionQuestion& question, const Stop& stop) {
  const aws::Invocation invocation = aws::invoke(session, function, question.request, stop);
  const std::string name = function_in_words(function);
  if (!invocation.function_error.empty()) {
    const sql::FunctionFailure failure =
        sql::function_failure(invocation.payload, invocation.log_tail);
    // Ours answers every error as a value: what fails otherwise is another's, or did not run at
    // all.
    if (!failure.timed_out && !failure.message.starts_with("Runtime.")) {
      function_does_not(function, question.refused + ": it failed: " + failure.message);
    }
    throw Error{Fault::kSqlApiFailed, fmt::format("{} failed: {}", name, failure.message),
                failure.timed_out ? "raise the function's timeout: a large catalog takes some "
                                    "seconds to read"
                                  : ""};
  }
  const auto answer = sql::read_api_answer(invocation.payload);
  const auto* refusal = std::get_if<sql::ApiRefusal>(&answer);
  if (refusal == nullptr) return invocation.payload;
  if (!question.expected_error.empty() &&
      refusal->message.find(question.expected_error) != std::string::npos) {
    return std::nullopt;
  }
  if (refusal->message.find("unknown action") != std::string::npos) {
    function_does_not(function, fmt::format("does not know the action \"{}\"", question.action));
  }
  if (!is_our_failure(refusal->type)) {
    function_does_not(function, question.refused + ": " + refusal->message);
  }
  throw Error{Fault::kSqlApiFailed, fmt::format("{}: {}", name, refusal->message), refusal->hint};
}

std::string function_in_words(const std::string& function) {
  return sql::one_line(function.starts_with("arn:") ? function : "lambda:" + function);
}

}  // namespace drift::schema
