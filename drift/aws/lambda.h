// AWS Lambda: Invoke. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
#pragma once

#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

struct Invocation {
  std::string payload;         // what the function returned, or its error object
  std::string function_error;  // X-Amz-Function-Error: "" means it returned
  std::string log_tail;        // last 4 KB of its log, decoded; may be empty
};

// RequestResponse with LogType Tail. `function` is a name, NAME:QUALIFIER or any ARN form.
// A function that failed comes back with function_error set and is never tried again.
// Throws as Client::call.
Invocation invoke(Session& session, const std::string& function, const std::string& payload,
                  const Stop& stop);

}  // namespace drift::aws
