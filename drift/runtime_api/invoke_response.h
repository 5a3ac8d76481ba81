// One invocation carried out, and what Lambda's Invoke answers to it.
#pragma once

#include <string>

#include "drift/http/http.h"
#include "drift/runtime_api/invoke.h"
#include "drift/runtime_api/runtime.h"

namespace drift::runtime_api {

struct InvokeResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
  std::string log_tail;  // as Lambda writes it around an invocation, at most 4 KB
};

// Calls `function` and never throws: a failure is 200 with X-Amz-Function-Error, and so is an
// answer longer than Lambda passes on. Of an event, whose sender does not wait, the answer is
// dropped.
InvokeResponse carry_out(const InvokeCall& call, const Invocation& invocation,
                         const Function& function, const Stop& stop, const Log& log);

// An id as Lambda gives one to each invocation: a random UUID.
std::string new_request_id();

}  // namespace drift::runtime_api
