// Who we are to AWS, found as the AWS SDKs find it.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "drift/aws/environment.h"
#include "drift/aws/sigv4.h"
#include "drift/base/clock.h"
#include "drift/base/stop.h"

namespace drift {
class HttpClient;
class RetryQuota;
}  // namespace drift

namespace drift::aws {

struct Credentials {
  SigningKeys keys;
  std::optional<TimePoint> expires;
  // For people: "environment", "profile drift (credentials file)", "profile drift (role ARN as
  // profile base (config file))", "web identity role ARN", "container http://...", "IMDS role x".
  std::string source;
};

// Finds credentials and renews them before they expire (see drift/aws/renewing_credentials.h).
// Thread-safe; several threads wait for one renewal. What it is given outlives it.
//
// Order, as in botocore: environment; a role that the profile assumes (chains too); web identity,
// from variables or the profile; credentials file; credential_process; config file keys; container;
// IMDSv2.
// A source that is not configured is passed over; one that is configured and fails is an error
// that names it, because falling through would run the call as somebody else.
class CredentialChain {
 public:
  CredentialChain(const Environment& environment, HttpClient& http, RetryQuota& quota,
                  const Clock& clock);
  ~CredentialChain();

  // Throws Error{kNoCredentials} naming each source and why it had none, or the error of the
  // source that failed.
  Credentials get(const Stop& stop);

  // Forgets what was cached: the service said that the token has expired.
  void expire();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift::aws
