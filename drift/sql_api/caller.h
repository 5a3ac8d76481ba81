// Who asks, and how a record says what was asked.
#pragma once

#include <string>
#include <string_view>

namespace drift::sql_api {

struct Caller {
  std::string name;  // "" where nobody is named
  // Whoever named the caller had verified it. Else it is what the caller says.
  bool verified = false;
};

// The caller that the client context of an invocation names, {"custom": {"caller": "..."}}: whoever
// may invoke the function writes what they like there, so it is never verified. Nobody for what is
// no such text. At most 256 characters. Pure.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#lambda-Invoke-request-ClientContext
Caller caller_of_context(std::string_view client_context);

// `sql` with "?" for every string and number in it and without comments, at most 4,096 characters.
// Names stay: requires a statement that the server took, for what it did not may have values where
// names stand. "" for what is no statement. Pure.
std::string without_values(std::string_view sql);

}  // namespace drift::sql_api
