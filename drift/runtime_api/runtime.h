// AWS Lambda's Runtime API: fetches invocations and answers them.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <string>

#include "drift/base/stop.h"

namespace drift {
class Log;
}
namespace drift::runtime_api {

struct Invocation {
  std::string payload;
  std::string request_id;
  std::string function_arn;
  std::string trace_id;        // X-Ray, "" where none came
  std::string client_context;  // JSON, "" where none came
  std::string caller;          // on loopback: who a proxy in front says it is, "" where none does
};

// Answers one invocation, before `stop` is due: the function's deadline less what sending the
// answer takes. What it throws becomes the invocation's error.
using Function = std::function<std::string(const Invocation& invocation, const Stop& stop)>;

// Serves until `stop` is requested (Lambda freezes the process, and kills it). `api` is the value
// of AWS_LAMBDA_RUNTIME_API, host:port. `prepare` runs before the first invocation is fetched; what
// it throws is reported as an init error and thrown again, so that Lambda starts a fresh process.
//
// No payload ends it: what `function` throws, and an answer longer than Lambda passes on, becomes
// the error of that one invocation. An answer that the Runtime API no longer wants (4xx: it timed
// out meanwhile) is a warning. A call to the API that fails on the way is tried three times.
// Sets _X_AMZN_TRACE_ID for each invocation; no other thread may read the environment meanwhile.
// Throws Error{kHttpFailed} where the Runtime API cannot be reached, refuses to give an invocation,
// or answers 5xx, after which a runtime has to end.
void serve(const std::string& api, const std::function<void()>& prepare, const Function& function,
           const Stop& stop, const Log& log);

// Tells Lambda why the function cannot be started, for what goes wrong before `serve`. Never
// throws.
void report_init_error(const std::string& api, const std::exception_ptr& error, const Log& log);

// -------------------------------------- what a function's failure looks like to whoever invoked it

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
