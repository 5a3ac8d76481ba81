// One call of Lambda's Invoke, as an HTTP request says it. Pure.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "drift/http/http.h"

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

// What the head asks for. `authority` is where the server listens, "127.0.0.1:9001".
// A page in a browser can send requests to any server of this machine, but not without telling: it
// cannot leave Origin and Sec-Fetch-Site out, nor send another Host than the one in its address,
// nor a JSON body without asking first. Whatever bears these marks is refused.
// https://fetch.spec.whatwg.org/#cors-safelisted-request-header
std::variant<InvokeCall, Refusal> read_invoke(const RequestHead& head,
                                              const std::string& authority);

}  // namespace drift::runtime_api
