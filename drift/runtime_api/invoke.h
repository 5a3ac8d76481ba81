// Lambda's Invoke: a call as an HTTP request says it, and what it is answered.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "drift/http/http.h"
#include "drift/runtime_api/runtime.h"

namespace drift::runtime_api {

// The longest payload that Lambda takes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
inline constexpr std::size_t kMostPayloadBytes = 6'291'456;

// A request's head as it came; names of headers in lower case.
struct RequestHead {
  std::string method, target;
  HttpHeaders headers;

  // The first value of that header, "" where there is none.
  std::string_view header(std::string_view name) const;
};

struct InvokeCall {
  enum class Type { kRequestResponse, kEvent, kDryRun };
  Type type = Type::kRequestResponse;
  std::string function;   // a name, or an ARN
  std::string qualifier;  // "$LATEST" where none was named
  bool wants_log = false;
  std::string trace_id;
  std::string client_context;  // in Base64
};

// Why a call is refused, in the form of Lambda's own errors.
struct Refusal {
  int status = 400;
  std::string type;  // "ResourceNotFoundException"
  std::string message;

  std::string json() const;
};

// What the head asks for. Pure. `authority` is where the server listens, "127.0.0.1:9001".
// A page in a browser can send requests to any server of this machine, but not without telling: it
// cannot leave Origin and Sec-Fetch-Site out, nor send another Host than the one in its address,
// nor a JSON body without asking first. Whatever bears these marks is refused.
// https://fetch.spec.whatwg.org/#cors-safelisted-request-header
std::variant<InvokeCall, Refusal> read_invoke(const RequestHead& head,
                                              const std::string& authority);

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
