// The errors that the SQL API's functions answer, and those that keep them from answering.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drift/sql/sql_source.h"

namespace drift::sql {

struct JsonValue;

// The error in an object that a function answered with `status`, or nothing where it has none:
// "error", "errors" or "errorMessage", a `success` or `ok` that is false, a `status` that is a word
// for failure, or a status of 400 and above. Passwords in it are hidden.
std::optional<SqlFailure> api_error(const JsonValue& object, int status);

// What a function that failed (X-Amz-Function-Error) says of it.
struct FunctionFailure {
  std::string sqlstate;  // "" where it does not tell
  // "UndefinedTable: relation \"alembic_version\" does not exist"; "it gives no reason" where so.
  std::string message;
  // The last lines of its log that are its own, joined by " | "; "" where there are none.
  std::string log_end;
  bool timed_out = false;
};

// `payload` is {"errorType", "errorMessage", ...} or anything else, `log_tail` the end of the log
// as Invoke gives it. Passwords that stand in either are hidden. Never throws.
FunctionFailure function_failure(const std::string& payload, const std::string& log_tail);

}  // namespace drift::sql
