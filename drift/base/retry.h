// The one retry loop of the program: the AWS SDKs' standard mode.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "drift/base/error.h"
#include "drift/base/stop.h"

namespace drift {

// What an attempt came to.
struct Attempt {
  enum class Kind {
    kDone,        // stop: what was wanted is there
    kFailed,      // stop: trying again cannot help
    kTransient,   // try again, base 0.05 s
    kThrottling,  // try again, base 1 s
  };
  Kind kind = Kind::kDone;
  // All but kDone: what went wrong this time.
  std::optional<Error> error;
  // x-amz-retry-after, where the service named it.
  std::optional<std::chrono::milliseconds> retry_after;
  // The clock was corrected: try again at once, once.
  bool immediately = false;
};

// Tokens that retries of one run spend, so that an outage does not multiply the calls: 500; a
// transient retry takes 14, a throttling one 5; a success after a retry gives back what that retry
// took, a success at once gives 1. Thread-safe.
class RetryQuota {
 public:
  static constexpr int kTokens = 500;
  static constexpr int kTransientCost = 14;
  static constexpr int kThrottlingCost = 5;
  static constexpr int kFirstSuccess = 1;

  // False where fewer than `cost` are left; nothing is taken then.
  bool take(int cost);
  // Never above kTokens.
  void give(int tokens);
  int left() const;

 private:
  mutable std::mutex mutex_;
  int tokens_ = kTokens;
};

// Calls `attempt` up to three times (or `most`) with full jitter between: random(0,1) * min(base *
// 2^(n-1), 20 s), or what retry_after says, at most 5 s more than that. A wait that `stop`'s
// deadline would cut is not begun: what is known is told at once. `random` gives [0, 1); `sleep`
// waits (tests pass their own) and ends early when stop is requested.
//
// An attempt may also throw: a retryable Error is a transient failure, any other one the end, and
// Error{kInterrupted} passes through as it is.
//
// Throws the last attempt's fault and hint, not retryable any more (so that loops do not nest),
// with every attempt told once in the message: "e (3 attempts)" where all failed alike, "after 3
// attempts: e1 (2 times); e2" where not, and behind it why there was no further attempt, where that
// is not plain. Throws Error{kInterrupted} when stop is requested between two attempts.
class Retry {
 public:
  explicit Retry(RetryQuota& quota);
  Retry(RetryQuota& quota, std::function<double()> random,
        std::function<void(std::chrono::milliseconds, const Stop&)> sleep);

  static constexpr int kAttempts = 3;

  void run(const std::function<Attempt()>& attempt, const Stop& stop, int most = kAttempts) const;

 private:
  RetryQuota& quota_;
  std::function<double()> random_;
  std::function<void(std::chrono::milliseconds, const Stop&)> sleep_;
};

}  // namespace drift
