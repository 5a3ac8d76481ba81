// What a service says when it refuses: the same three facts in four shapes of answers.
#pragma once

#include <string>
#include <string_view>

#include "drift/base/error.h"

namespace drift {
struct HttpResponse;
}
namespace drift::aws {

// An error that a service answered, for callers that branch on its code; see Client::send.
struct ServiceError {
  int status = 0;
  std::string code;     // "AccessDeniedException", without namespace and after-colon parts
  std::string message;  // the service's own: one printable line, at most 600 bytes
  std::string request_id;
  std::string region;  // S3: where the bucket really is, where the answer says so
};

// The error in a JSON (rest-json, json-1.1), query (XML) or S3 (XML) response. A body that is none
// of these, such as a load balancer's page, gives code "" and its title or first line as message.
// No secret of this run is left in it (drift/base/secrets.h): a service, or what pretends to be
// one, may repeat what it was sent.
ServiceError parse_service_error(const HttpResponse& response);

// A service's refusal as the Error that a person reads: which call, why, and what to do.

struct Call;

// "Code: message (HTTP 403, request id ...)", without the call's name: kAccessDenied, with the
// missing action, resource and identity in the hint, where a right is missing; else kAwsFailed.
// `source` tells whose credentials were used ("environment", "IMDS role x").
Error refusal(const Call& call, const ServiceError& error, const std::string& source);

// `error` as the failure of this call: "sns:Publish on arn:... was denied: ..." for kAccessDenied,
// "... failed: ..." for all others.
Error named(const Call& call, const Error& error);

// "sns:Publish on arn:aws:sns:..." as it stands in messages.
std::string call_name(const Call& call);

}  // namespace drift::aws
