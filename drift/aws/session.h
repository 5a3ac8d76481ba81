// What all AWS calls of one run share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "drift/aws/credentials.h"
#include "drift/aws/environment.h"
#include "drift/base/clock.h"
#include "drift/base/stop.h"

namespace drift {
class HttpClient;
class RetryQuota;
}  // namespace drift

namespace drift::aws {

// Credentials, connections, the retry quota and the correction of the clock. Lives as long as the
// process (threads may be left behind, see drift/check/side.h); `clock` must do so too.
// Thread-safe.
class Session {
 public:
  // Nothing is sent before the first call.
  Session(Environment environment, const Clock& clock);

  // As another role from now on: sts:AssumeRole with the chain's own credentials (--role-arn).
  // Shares everything else with `base`, which must outlive it. `external_id` "" sends none.
  Session(Session& base, std::string role_arn, std::string external_id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Environment& environment() const;
  // Throws Error{kConfiguration} where neither the environment nor a profile names one.
  std::string region() const;
  // Throws as CredentialChain::get, and for an assumed role as Client::call.
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
  struct Role;

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Role> role_;
};

// Gives the session of the run, made when somebody first needs it: a machine without AWS never
// reads its configuration. May throw what Environment throws.
using SessionSource = std::function<Session&()>;

}  // namespace drift::aws
