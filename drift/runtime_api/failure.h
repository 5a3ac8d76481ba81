// What a function's failure looks like to whoever invoked it.
#pragma once

#include <cstddef>
#include <exception>
#include <string>

namespace drift::runtime_api {

// The longest answer that Lambda passes on: 6 MB and what its envelope takes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
inline constexpr std::size_t kMostAnswerBytes = 6'291'556;

struct Failure {
  std::string type;  // "Function.TimedOut": category and reason
  std::string message;
};

// `error` in Lambda's words. An Error{kTimedOut} becomes "CATEGORY.TimedOut", and its hint stands
// in brackets behind its message; what is no Error is "CATEGORY.Internal".
// `category` is "Function" for an invocation, "Runtime" for the start.
Failure failure_of(const std::exception_ptr& error, const std::string& category);

// The failure of an answer of `bytes`, more than kMostAnswerBytes.
Failure answer_too_large(std::size_t bytes);

// {"errorMessage", "errorType", "stackTrace": []}
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror
std::string failure_json(const Failure& failure);

}  // namespace drift::runtime_api
