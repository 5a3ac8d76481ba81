// One signed call to an AWS service: endpoint, credentials, signature, retries, errors.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "drift/aws/credentials.h"
#include "drift/aws/endpoint.h"
#include "drift/aws/environment.h"
#include "drift/base/clock.h"
#include "drift/base/http.h"
#include "drift/base/retry.h"

namespace drift::aws {

// An error that a service answered, for callers that branch on its code; see Client::call.
struct ServiceError {
  int status = 0;
  std::string code;     // "AccessDeniedException", without namespace and after-colon parts
  std::string message;  // the service's own, one line
  std::string request_id;
};

// Everything that calls of one run share. Lives as long as the process (threads may be left
// behind, see drift/check/side.h). Thread-safe.
class Session {
 public:
  // Nothing is read or sent before the first call.
  Session(Environment environment, const Clock& clock);

  // As another role from now on: sts:AssumeRole with the chain's own credentials (--role-arn).
  Session(const Session& base, std::string role_arn, std::string external_id);

  const Environment& environment() const;
  // Throws Error{kConfiguration} where neither the environment nor a profile names one.
  std::string region() const;
  Credentials credentials(const Stop& stop);

 private:
  friend class Client;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Gives the session of the run, made when somebody first needs it: a machine without AWS never
// reads its configuration. May throw what Environment throws.
using SessionSource = std::function<Session&()>;

struct Call {
  Service service = Service::kS3;
  std::string region;     // "" takes the session's
  std::string operation;  // "sns:Publish", for messages; the IAM action's name
  std::string resource;   // for messages: bucket, ARN, name
  std::string method = "POST";
  std::string host_prefix;   // S3 virtual-hosted style: "bucket."
  std::string target = "/";  // path and query as sent
  HttpHeaders headers;
  std::string body;
  std::size_t max_response_bytes = 8u << 20;
  std::chrono::milliseconds timeout{60'000};
  bool sign_body = false;  // S3
};

struct Answer {
  HttpResponse response;              // of the last attempt
  std::optional<ServiceError> error;  // set for every status >= 400
  int attempts = 1;
};

class Client {
 public:
  explicit Client(Session& session) : session_(session) {}

  // Signs and sends, three attempts as drift/base/retry.h says. What a caller may want to branch on
  // (any status >= 400 that is not worth another attempt) comes back in `error`.
  // Throws Error{kNoCredentials, kHttpFailed, kTimedOut, kInterrupted, kConfiguration}.
  Answer send(const Call& call, const Stop& stop);

  // As `send`, for callers that branch on nothing.
  // Throws Error{kAccessDenied} "sns:Publish on arn:... was denied ..." with the missing action in
  // the hint, Error{kAwsFailed} "... failed: Code: message (HTTP 400, request id ...)".
  HttpResponse call(const Call& call, const Stop& stop);

 private:
  Session& session_;
};

// The error in the body of a JSON (rest-json, json-1.1), query (XML) or S3 (XML) response; a body
// that is none of these gives code "" and its first line. Never throws.
ServiceError parse_service_error(const HttpResponse& response);

}  // namespace drift::aws
