// One signed call to an AWS service: endpoint, credentials, signature, retries, errors.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/aws/endpoint.h"
#include "drift/aws/service_error.h"
#include "drift/aws/session.h"
#include "drift/base/error.h"
#include "drift/http/http.h"

namespace drift::aws {

struct Call {
  Service service = Service::kS3;
  std::string region;     // "" takes the session's
  std::string operation;  // "sns:Publish", for messages; the IAM action's name
  std::string resource;   // for messages: ARN, or name where no ARN is known
  std::string method = "POST";
  std::string host_prefix;   // S3 virtual-hosted style: "bucket."
  std::string target = "/";  // path and query as sent
  HttpHeaders headers;
  std::string body;
  std::size_t max_response_bytes = 8u << 20;
  std::chrono::milliseconds timeout{60'000};
  // It changes something and has no key by which the service would know it again: an attempt that
  // may have arrived is the last one.
  bool once = false;
};

// The body of the query protocol: an HTML form of the pairs, encoded, in this order.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
using Form = std::vector<std::pair<std::string, std::string>>;
// Makes `call` POST / with it.
void set_form(Call& call, const Form& form);

struct Answer {
  HttpResponse response;              // of the last attempt
  std::optional<ServiceError> error;  // set for every status but 2xx
  // Set with `error`: what Client::call would have thrown.
  std::optional<Error> failure;
};

class Client {
 public:
  explicit Client(Session& session) : session_(session) {}

  // Signs and sends, three attempts as drift/base/retry.h says. What a caller may want to branch on
  // (any status but 2xx that is not worth another attempt) comes back in `error`. Once a call each,
  // and at once: a wrong clock is corrected by the server's (for the whole session), and expired
  // credentials are renewed.
  // Throws Error{kNoCredentials, kHttpFailed, kTimedOut, kInterrupted, kConfiguration}, and where
  // the attempts are used up Error{kAwsFailed}.
  Answer send(const Call& call, const Stop& stop);

  // As `send`, for callers that branch on nothing.
  // Throws Error{kAccessDenied} "sns:Publish on arn:... was denied: ..." with the missing action in
  // the hint, Error{kAwsFailed} "... failed: Code: message (HTTP 400, request id ...)".
  HttpResponse call(const Call& call, const Stop& stop);

 private:
  Session& session_;
};

}  // namespace drift::aws
