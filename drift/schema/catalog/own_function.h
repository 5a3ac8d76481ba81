// Actions of schema-drift's own SQL API that no other has to know.
#pragma once

#include <optional>
#include <string>

namespace drift {
class Stop;
}
namespace drift::aws {
class Session;
}

namespace drift::schema {

struct FunctionQuestion {
  std::string action;   // "snapshot"
  std::string request;  // the payload
  std::string refused;  // what a function is that does not answer it: "gives no snapshot"
  // Part of the message of an error that the asker expects; "" for none.
  std::string expected_error;
};

// The function's answer; nothing where it is the error that was expected. Throws
// Error{kUnsupported} for a SQL API that does not know the action (another's, or an older one of
// ours), Error{kSqlApiFailed} for what our own says went wrong, and what aws::invoke throws.
std::optional<std::string> ask_own_function(aws::Session& session, const std::string& function,
                                            const FunctionQuestion& question, const Stop& stop);

// Throws that Error{kUnsupported}: `why` completes the function's name.
[[noreturn]] void function_does_not(const std::string& function, const std::string& why);

// "lambda:sql-api", or the ARN as it was given.
std::string function_in_words(const std::string& function);

}  // namespace drift::schema
