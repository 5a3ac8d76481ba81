#include "drift/aws/renewing_credentials.h"

#include <fmt/format.h>

#include "drift/base/error.h"

namespace drift::aws {
namespace {

using namespace std::chrono_literals;

constexpr auto kTryBefore = 15min;
constexpr auto kMustBefore = 10min;
constexpr auto kBetweenTries = 60s;

}  // namespace

RenewingCredentials::RenewingCredentials(Fetch fetch, const Clock& clock)
    : fetch_(std::move(fetch)), clock_(clock) {}

bool RenewingCredentials::usable(TimePoint now) const {
  if (!kept_) return false;
  if (!kept_->expires || *kept_->expires - now >= kTryBefore) return true;
  // A clock that was set back makes the last try lie in the future: then it does not count.
  return *kept_->expires > now && last_try_ && now >= *last_try_ &&
         now - *last_try_ < kBetweenTries;
}

Credentials RenewingCredentials::get(const Stop& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const TimePoint now = clock_.now();
    if (usable(now)) return *kept_;
    const bool must = !kept_ || *kept_->expires - now < kMustBefore;
    if (!renewal_) return renew(lock, must, stop);
    if (!must) return *kept_;

    const std::shared_ptr<Renewal> renewal = renewal_;
    while (!renewal->done) {
      stop.check("waiting for credentials");
      // A condition variable knows nothing of Stop's descriptor, so it is asked now and then.
      finished_.wait_for(lock, 50ms);
    }
    if (renewal->failure) std::rethrow_exception(renewal->failure);
  }
}

Credentials RenewingCredentials::renew(std::unique_lock<std::mutex>& lock, bool must,
                                       const Stop& stop) {
  const auto renewal = std::make_shared<Renewal>();
  renewal_ = renewal;
  std::optional<Credentials> fetched;
  lock.unlock();
  try {
    fetched = fetch_(stop);
    const TimePoint now = clock_.now();
    if (fetched->expires && *fetched->expires <= now) {
      throw Error{Fault::kNoCredentials,
                  fmt::format("the credentials from {} expired at {}, and it is {}",
                              fetched->source, rfc3339(*fetched->expires), rfc3339(now)),
                  "renew them where they come from, and check this machine's clock"};
    }
  } catch (...) {
    renewal->failure = std::current_exception();
  }
  lock.lock();
  renewal->done = true;
  renewal_.reset();
  // A failure of who must renew is told each time, so the next caller tries at once.
  if (!renewal->failure || !must) last_try_ = clock_.now();
  if (!renewal->failure) kept_ = std::move(fetched);
  finished_.notify_all();
  // Who only tried goes on with what there is; expire() may have taken it away meanwhile.
  if (renewal->failure && (must || !kept_)) std::rethrow_exception(renewal->failure);
  return *kept_;
}

void RenewingCredentials::expire() {
  const std::lock_guard lock(mutex_);
  kept_.reset();
}

}  // namespace drift::aws
