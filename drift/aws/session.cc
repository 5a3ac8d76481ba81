#include "drift/aws/session.h"

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "drift/aws/renewing_credentials.h"
#include "drift/aws/sts.h"
#include "drift/base/error.h"
#include "drift/base/retry.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

// The process's clock plus what it turned out to be off by. Credentials expire by AWS's time, so
// the chain reads this one too.
class CorrectedClock : public Clock {
 public:
  explicit CorrectedClock(const Clock& clock) : clock_(clock) {}
  TimePoint now() const override { return clock_.now() + std::chrono::seconds{offset_.load()}; }
  void set(TimePoint true_time) { offset_.store((true_time - clock_.now()).count()); }

 private:
  const Clock& clock_;
  std::atomic<long long> offset_{0};
};

}  // namespace

struct Session::Shared {
  Shared(Environment the_environment, const Clock& the_clock)
      : environment(std::move(the_environment)),
        clock(the_clock),
        http(environment.ca_bundle()),
        chain(environment, http, quota, clock) {}

  Environment environment;
  CorrectedClock clock;
  HttpClient http;
  RetryQuota quota;
  CredentialChain chain;

  mutable std::mutex mutex;
  std::map<std::string, std::string> bucket_regions;
};

struct Session::Role {
  Role(Shared& shared, Session& base, drift::aws::Role role)
      : context{shared.environment, shared.http, shared.quota, shared.clock},
        credentials(
            [this, &base, role = std::move(role)](const Stop& stop) {
              return assume_role(context, role, base.credentials(stop), stop);
            },
            shared.clock) {}

  CredentialContext context;
  RenewingCredentials credentials;
};

Session::Session(Environment environment, const Clock& clock)
    : shared_(std::make_shared<Shared>(std::move(environment), clock)) {}

Session::Session(Session& base, std::string role_arn, std::string external_id)
    : shared_(base.shared_),
      role_(std::make_unique<Role>(
          *shared_, base, drift::aws::Role{std::move(role_arn), "", std::move(external_id), 0})) {}

Session::~Session() = default;

const Environment& Session::environment() const { return shared_->environment; }
HttpClient& Session::http() { return shared_->http; }
RetryQuota& Session::quota() { return shared_->quota; }
TimePoint Session::now() const { return shared_->clock.now(); }
void Session::correct_clock(TimePoint server_time) { shared_->clock.set(server_time); }

std::string Session::region() const {
  if (const auto region = shared_->environment.region()) return *region;
  throw Error{Fault::kConfiguration, "no AWS region is set",
              "set AWS_REGION, or region in the profile " + shared_->environment.profile_name()};
}

std::string Session::bucket_region(const std::string& bucket) const {
  const std::lock_guard lock(shared_->mutex);
  const auto known = shared_->bucket_regions.find(bucket);
  return known == shared_->bucket_regions.end() ? std::string{} : known->second;
}

void Session::set_bucket_region(const std::string& bucket, const std::string& region) {
  const std::lock_guard lock(shared_->mutex);
  shared_->bucket_regions[bucket] = region;
}

Credentials Session::credentials(const Stop& stop) {
  return role_ ? role_->credentials.get(stop) : shared_->chain.get(stop);
}

void Session::expire(const Credentials& used, const Stop& stop) {
  // Another thread may have met the same refusal first, and renewed them by now.
  if (credentials(stop).keys.access_key_id != used.keys.access_key_id) return;
  if (role_) {
    role_->credentials.expire();
  } else {
    shared_->chain.expire();
  }
}

}  // namespace drift::aws
