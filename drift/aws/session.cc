#include "drift/aws/session.h"

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

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
      : environment(std::move(the_environment)), clock(the_clock), http(environment.ca_bundle()) {}

  Environment environment;
  CorrectedClock clock;
  HttpClient http;
  RetryQuota quota;
  const CredentialContext context{environment, http, quota, clock};

  mutable std::mutex mutex;
  std::map<std::string, std::string> bucket_regions;
};

Session::Session(Environment environment, const Clock& clock, FindCredentials find)
    : shared_(std::make_shared<Shared>(std::move(environment), clock)),
      credentials_([shared = shared_.get(), find = std::move(find)](
                       const Stop& stop) { return find(shared->context, stop); },
                   shared_->clock) {}

Session::Session(Session& base, ExchangeCredentials exchange)
    : shared_(base.shared_),
      credentials_(
          [&base, exchange = std::move(exchange)](const Stop& stop) {
            return exchange(base.shared_->context, base.credentials(stop), stop);
          },
          shared_->clock) {}

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

Credentials Session::credentials(const Stop& stop) { return credentials_.get(stop); }

void Session::expire(const Credentials& used, const Stop& stop) {
  // Another thread may have met the same refusal first, and renewed them by now.
  if (credentials(stop).keys.access_key_id == used.keys.access_key_id) credentials_.expire();
}

}  // namespace drift::aws
