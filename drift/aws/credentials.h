// Who we are to AWS, found as the AWS SDKs find it.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

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
  // For people: "environment", "profile drift (assume role arn:aws:iam::...)", "IMDS role x".
  std::string source;
};

// Finds credentials and renews them before they expire: from 15 minutes before it tries, from 10
// minutes before it must. Thread-safe; several threads wait for one renewal.
//
// Order: environment; profile (assume-role chains, web identity in a profile, credentials file,
// credential_process, config file keys); web identity from the environment; container; IMDSv2.
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
