// What all AWS calls of one run share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "drift/aws/environment.h"
#include "drift/aws/renewing_credentials.h"
#include "drift/base/clock.h"
#include "drift/base/stop.h"

namespace drift {
class HttpClient;
class RetryQuota;
}  // namespace drift

namespace drift::aws {

// What finding credentials takes; outlives who finds them.
struct CredentialContext {
  const Environment& environment;
  HttpClient& http;
  RetryQuota& quota;
  const Clock& clock;
};

// find_credentials of drift/aws/credentials/chain.h looks where the AWS SDKs look.
using FindCredentials = std::function<Credentials(const CredentialContext&, const Stop&)>;
// Somebody else's, for whoever has `as`: assuming of drift/aws/credentials/sts.h.
using ExchangeCredentials =
    std::function<Credentials(const CredentialContext&, const Credentials& as, const Stop&)>;

// Credentials, connections, the retry quota and the correction of the clock. Lives as long as the
// process (threads may be left behind, see drift/check/side.h); `clock` must do so too.
// Thread-safe.
class Session {
 public:
  // Nothing is sent before the first call.
  Session(Environment environment, const Clock& clock, FindCredentials find);

  // As somebody else, with the credentials of `base` (--role-arn). Shares everything else with it;
  // `base` must outlive it.
  Session(Session& base, ExchangeCredentials exchange);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Environment& environment() const;
  // Throws Error{kConfiguration} where neither the environment nor a profile names one.
  std::string region() const;
  // Kept and renewed (RenewingCredentials). Throws as what the session finds them with.
  Credentials credentials(const Stop& stop);

  // The clock, corrected by what the services said (see Client::send).
  TimePoint now() const;

  // Where a bucket turned out to be; "" until known. Calls after the first spare the redirect.
  std::string bucket_region(const std::string& bucket) const;
  void set_bucket_region(const std::string& bucket, const std::string& region);

  // For Client.
  HttpClient& http();
  RetryQuota& quota();
  // From now on `now()` goes by what the server said.
  void correct_clock(TimePoint server_time);
  // The service called `used` expired: the next `credentials` finds new ones, where there are any.
  void expire(const Credentials& used, const Stop& stop);

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;
  RenewingCredentials credentials_;
};

// Gives the session of the run, made when somebody first needs it: a machine without AWS never
// reads its configuration. May throw what Environment throws.
using SessionSource = std::function<Session&()>;

}  // namespace drift::aws
