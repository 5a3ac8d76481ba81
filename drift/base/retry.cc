#include "drift/base/retry.h"

#include <poll.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

namespace drift {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestWait{20'000};
constexpr milliseconds kMostPastOurOwn{5'000};

double system_random() {
  // Seeded from the system: hosts that were started together must not retry together.
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>{0.0, 1.0}(generator);
}

void sleep_until_stopped(milliseconds wait, const Stop& stop) {
  pollfd wake{stop.wake_fd(), POLLIN, 0};
  const milliseconds most = std::min(wait, stop.remaining());
  // An interrupted poll ends the wait early; that costs nothing but politeness.
  ::poll(&wake, 1, static_cast<int>(most.count()));
}

// `retries` are those already made.
milliseconds wait_of(const Attempt& attempt, int retries, double random) {
  const double base = attempt.kind == Attempt::Kind::kThrottling ? 1.0 : 0.05;
  const double longest =
      std::min(base * std::pow(2.0, retries), std::chrono::duration<double>{kLongestWait}.count());
  const milliseconds own{static_cast<milliseconds::rep>(std::lround(random * longest * 1000))};
  if (!attempt.retry_after) return own;
  // The service may ask for a longer wait, but not for one that eats the run.
  return std::max(own, std::min(*attempt.retry_after, own + kMostPastOurOwn));
}

Attempt made_by(const std::function<Attempt()>& attempt) {
  try {
    return attempt();
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    Attempt thrown;
    thrown.kind = error.retryable ? Attempt::Kind::kTransient : Attempt::Kind::kFailed;
    thrown.error = error;
    return thrown;
  }
}

// Every distinct failure in the order of its first occurrence, each once.
std::string told_once(const std::vector<Error>& failures) {
  std::vector<std::pair<std::string, int>> distinct;
  for (const Error& failure : failures) {
    const auto known = std::find_if(distinct.begin(), distinct.end(), [&](const auto& entry) {
      return entry.first == failure.what();
    });
    if (known == distinct.end()) {
      distinct.emplace_back(failure.what(), 1);
    } else {
      ++known->second;
    }
  }
  const std::string attempts = std::to_string(failures.size()) + " attempts";
  if (failures.size() == 1) return distinct.front().first;
  if (distinct.size() == 1) return distinct.front().first + " (" + attempts + ')';
  std::string text = "after " + attempts + ": ";
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    const auto& [message, times] = distinct[i];
    if (i > 0) text += "; ";
    text += message;
    if (times > 1) text += " (" + std::to_string(times) + " times)";
  }
  return text;
}

[[noreturn]] void give_up(const std::vector<Error>& failures, const char* why_not_again) {
  const Error& last = failures.back();
  throw Error{last.fault, told_once(failures) + why_not_again, last.hint};
}

}  // namespace

bool RetryQuota::take(int cost) {
  const std::lock_guard lock{mutex_};
  if (tokens_ < cost) return false;
  tokens_ -= cost;
  return true;
}

void RetryQuota::give(int tokens) {
  const std::lock_guard lock{mutex_};
  tokens_ = std::min(tokens_ + tokens, kTokens);
}

int RetryQuota::left() const {
  const std::lock_guard lock{mutex_};
  return tokens_;
}

Retry::Retry(RetryQuota& quota) : Retry(quota, system_random, sleep_until_stopped) {}

Retry::Retry(RetryQuota& quota, std::function<double()> random,
             std::function<void(milliseconds, const Stop&)> sleep)
    : quota_(quota), random_(std::move(random)), sleep_(std::move(sleep)) {}

void Retry::run(const std::function<Attempt()>& attempt, const Stop& stop, int most) const {
  std::vector<Error> failures;
  int last_cost = 0;
  bool corrected = false;
  for (int retries = 0;; ++retries) {
    const Attempt outcome = made_by(attempt);
    if (outcome.kind == Attempt::Kind::kDone) {
      quota_.give(retries == 0 ? RetryQuota::kFirstSuccess : last_cost);
      return;
    }
    failures.push_back(
        outcome.error.value_or(Error{Fault::kInternal, "an attempt failed without saying why"}));
    if (outcome.kind == Attempt::Kind::kFailed || retries + 1 >= most) give_up(failures, "");

    const int cost = outcome.kind == Attempt::Kind::kThrottling ? RetryQuota::kThrottlingCost
                                                                : RetryQuota::kTransientCost;
    if (!quota_.take(cost)) {
      give_up(failures, "; not tried again: too many calls of this run have failed");
    }
    last_cost = cost;

    const bool at_once = outcome.immediately && !corrected;
    corrected = corrected || outcome.immediately;
    const milliseconds wait = at_once ? milliseconds{0} : wait_of(outcome, retries, random_());
    if (!stop.requested() && wait >= stop.remaining()) {
      give_up(failures, "; not tried again: the run is out of time");
    }
    if (wait > milliseconds{0}) sleep_(wait, stop);
    stop.check("waiting to try again");
  }
}

}  // namespace drift
