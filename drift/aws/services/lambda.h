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

// A function as people name it.
struct FunctionName {
  std::string name;       // NAME, ACCOUNT:function:NAME or an ARN, without the qualifier
  std::string qualifier;  // version, alias or $LATEST; may be empty
  std::string region;     // of an ARN, else ""
};

// Reads NAME, function:NAME, ACCOUNT:function:NAME or an ARN, each with :QUALIFIER or without.
// Throws Error{kUsage} for anything else.
FunctionName read_function_name(const std::string& function);

// RequestResponse with LogType Tail. `function` as for read_function_name; an ARN decides the
// region. A function that failed comes back with function_error set and is never tried again.
// Waits as long as a function may run (15 minutes), or until `stop`.
// `once`: the payload changes something, so that an attempt that may have arrived is the last one.
// Throws as Client::call and read_function_name.
Invocation invoke(Session& session, const std::string& function, const std::string& payload,
                  const Stop& stop, bool once = false);

}  // namespace drift::aws
