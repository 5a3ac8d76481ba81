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
  bool take(int cost);
  void give(int tokens);
  int left() const;

 private:
  mutable std::mutex mutex_;
  int tokens_ = 500;
};

// Calls `attempt` up to three times with full jitter between: random(0,1) * min(base * 2^(n-1),
// 20 s), or what retry_after says, at most 5 s more than that. Never sleeps past `stop`.
// `random` gives [0, 1); `sleep` waits (tests pass their own).
// Throws the last attempt's Error with every attempt told once in its message ("... after 3
// attempts: first error; second error"), equal errors counted and not repeated.
class Retry {
 public:
  explicit Retry(RetryQuota& quota);
  Retry(RetryQuota& quota, std::function<double()> random,
        std::function<void(std::chrono::milliseconds, const Stop&)> sleep);

  void run(const std::function<Attempt()>& attempt, const Stop& stop) const;

  static constexpr int kAttempts = 3;

 private:
  RetryQuota& quota_;
  std::function<double()> random_;
  std::function<void(std::chrono::milliseconds, const Stop&)> sleep_;
};

}  // namespace drift
