// AWS Lambda's Runtime API: fetches invocations and answers them.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "drift/base/error.h"
#include "drift/base/stop.h"

namespace drift {
class Log;
}

namespace drift::lambda {

struct Invocation {
  std::string payload;
  std::string request_id;
  std::string function_arn;
  std::string trace_id;        // X-Ray, "" where none came
  std::string client_context;  // JSON, "" where none came
};

// Answers one invocation, before `stop` is due: the function's deadline less what sending the
// answer takes. What it throws becomes the invocation's error.
using Function = std::function<std::string(const Invocation& invocation, const Stop& stop)>;

// Serves until the process is ended (Lambda freezes and kills it). `api` is the value of
// AWS_LAMBDA_RUNTIME_API, host:port. `prepare` runs before the first invocation is fetched; what it
// throws is reported as an init error and thrown again, so that Lambda starts a fresh process.
// Sets _X_AMZN_TRACE_ID for each invocation.
// Throws Error{kHttpFailed} where the Runtime API cannot be reached or refuses.
void serve(const std::string& api, const std::function<void()>& prepare, const Function& function,
           const Stop& stop, const Log& log);

}  // namespace drift::lambda
