#include "drift/base/retry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "drift/base/error.h"

namespace drift {
namespace {

using std::chrono::milliseconds;
using Kind = Attempt::Kind;

Attempt failed(Kind kind, const std::string& message = "busy") {
  return {kind, Error{Fault::kAwsFailed, message, "try later", true}, std::nullopt, false};
}

// Runs the outcomes one after the other and notes the waits between them.
class RetryTest : public testing::Test {
 protected:
  void run(std::vector<Attempt> outcomes, double random = 0.5) {
    const Retry retry{quota_, [random] { return random; },
                      [this](milliseconds wait, const Stop&) { waits_.push_back(wait); }};
    retry.run([&] { return outcomes.at(static_cast<std::size_t>(attempts_++)); }, stop_);
  }

  // The error that it ends with.
  Error failure_of(const std::vector<Attempt>& outcomes, double random = 0.5) {
    try {
      run(outcomes, random);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error{Fault::kInternal, "nothing was thrown"};
  }

  RetryQuota quota_;
  Stop stop_;
  std::vector<milliseconds> waits_;
  int attempts_ = 0;
};

TEST_F(RetryTest, SuccessAtOnceIsOneAttemptAndNoWait) {
  run({Attempt{}});
  EXPECT_EQ(attempts_, 1);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(RetryTest, AsManyAttemptsAsTheCallerSays) {
  for (const int most : {1, 2, 5}) {
    int asked = 0;
    const Retry retry{quota_, [] { return 0.0; }, [](milliseconds, const Stop&) {}};
    EXPECT_THROW(retry.run(
                     [&] {
                       ++asked;
                       return failed(Kind::kTransient);
                     },
                     stop_, most),
                 Error);
    EXPECT_EQ(asked, most);
  }
}

TEST_F(RetryTest, TransientFailuresWaitFrom50MillisecondsAndThrottlingFromASecond) {
  run({failed(Kind::kTransient), failed(Kind::kTransient), Attempt{}}, 1.0);
  EXPECT_EQ(waits_, (std::vector{milliseconds{50}, milliseconds{100}}));
  waits_.clear();
  attempts_ = 0;
  run({failed(Kind::kThrottling), failed(Kind::kThrottling), Attempt{}}, 1.0);
  EXPECT_EQ(waits_, (std::vector{milliseconds{1000}, milliseconds{2000}}));
}

TEST_F(RetryTest, JitterTakesAnyPartOfTheWait) {
  run({failed(Kind::kThrottling), failed(Kind::kThrottling), Attempt{}}, 0.25);
  EXPECT_EQ(waits_, (std::vector{milliseconds{250}, milliseconds{500}}));
  waits_.clear();
  attempts_ = 0;
  run({failed(Kind::kThrottling), Attempt{}}, 0.0);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(RetryTest, RetryAfterIsHeededWithinFiveSecondsOfOurOwnWait) {
  const auto asked = [](int milliseconds_asked) {
    Attempt outcome = failed(Kind::kThrottling);
    outcome.retry_after = milliseconds{milliseconds_asked};
    return outcome;
  };
  run({asked(3000), asked(60'000), Attempt{}}, 0.5);
  EXPECT_EQ(waits_, (std::vector{milliseconds{3000}, milliseconds{6000}}));
  waits_.clear();
  attempts_ = 0;
  // Never sooner than our own wait.
  run({asked(1), asked(0), Attempt{}}, 0.5);
  EXPECT_EQ(waits_, (std::vector{milliseconds{500}, milliseconds{1000}}));
  waits_.clear();
  attempts_ = 0;
  run({asked(1), Attempt{}}, 0.0);
  EXPECT_EQ(waits_, std::vector{milliseconds{1}});
}

TEST_F(RetryTest, CorrectedClockIsTriedAtOnceButOnlyOnce) {
  Attempt skewed = failed(Kind::kTransient);
  skewed.immediately = true;
  run({skewed, skewed, Attempt{}}, 1.0);
  EXPECT_EQ(attempts_, 3);
  EXPECT_EQ(waits_, (std::vector{milliseconds{100}}));
}

TEST_F(RetryTest, FinalFailureIsToldAsItIs) {
  const Error error = failure_of({failed(Kind::kFailed, "sns:Publish was denied")});
  EXPECT_STREQ(error.what(), "sns:Publish was denied");
  EXPECT_EQ(error.fault, Fault::kAwsFailed);
  EXPECT_EQ(error.hint, "try later");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryTest, EqualFailuresAreToldOnce) {
  const Error error =
      failure_of({failed(Kind::kTransient), failed(Kind::kTransient), failed(Kind::kTransient)});
  EXPECT_STREQ(error.what(), "busy (3 attempts)");
  EXPECT_EQ(attempts_, 3);
}

TEST_F(RetryTest, DifferentFailuresAreToldInOrder) {
  EXPECT_STREQ(failure_of({failed(Kind::kTransient, "cannot reach x: connection refused"),
                           failed(Kind::kThrottling, "slow down"),
                           failed(Kind::kTransient, "cannot reach x: connection refused")})
                   .what(),
               "after 3 attempts: cannot reach x: connection refused (2 times); slow down");
  attempts_ = 0;
  EXPECT_STREQ(
      failure_of({failed(Kind::kTransient, "slow down"), failed(Kind::kFailed, "denied")}).what(),
      "after 2 attempts: slow down; denied");
}

TEST_F(RetryTest, LastFailureDecidesKindAndHint) {
  Attempt last;
  last.kind = Kind::kTransient;
  last.error = Error{Fault::kTimedOut, "no answer", "look at the network", true};
  const Error error = failure_of({failed(Kind::kTransient), failed(Kind::kTransient), last});
  EXPECT_EQ(error.fault, Fault::kTimedOut);
  EXPECT_EQ(error.hint, "look at the network");
  // So that a loop around this one does not make nine attempts of three.
  EXPECT_FALSE(error.retryable);
}

TEST_F(RetryTest, ThrownErrorsCountAsAttempts) {
  const Retry retry{quota_, [] { return 0.0; }, [](milliseconds, const Stop&) {}};
  int calls = 0;
  retry.run(
      [&]() -> Attempt {
        if (++calls < 3) throw Error{Fault::kHttpFailed, "reset", "", true};
        return {};
      },
      stop_);
  EXPECT_EQ(calls, 3);

  calls = 0;
  const auto denied = [&]() -> Attempt {
    ++calls;
    throw Error{Fault::kNoCredentials, "no credentials"};
  };
  EXPECT_THROW(retry.run(denied, stop_), Error);
  EXPECT_EQ(calls, 1);

  calls = 0;
  const auto interrupted = [&]() -> Attempt {
    ++calls;
    throw Error{Fault::kInterrupted, "interrupted while waiting for x", "", true};
  };
  try {
    retry.run(interrupted, stop_);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::kInterrupted);
    EXPECT_STREQ(error.what(), "interrupted while waiting for x");
    EXPECT_EQ(calls, 1);
  }
}

TEST_F(RetryTest, AttemptWithoutAReasonSaysSo) {
  EXPECT_STREQ(failure_of({Attempt{Kind::kFailed, std::nullopt, std::nullopt, false}}).what(),
               "an attempt failed without saying why");
}

TEST_F(RetryTest, RetriesSpendTokensAndSuccessGivesThemBack) {
  const int full = RetryQuota::kTokens;
  EXPECT_EQ(quota_.left(), full);
  run({Attempt{}});
  EXPECT_EQ(quota_.left(), full);  // never above the full number

  attempts_ = 0;
  failure_of({failed(Kind::kTransient), failed(Kind::kTransient), failed(Kind::kTransient)});
  EXPECT_EQ(quota_.left(), full - 28);

  attempts_ = 0;
  run({failed(Kind::kThrottling), Attempt{}});  // takes 5, gives 5
  EXPECT_EQ(quota_.left(), full - 28);

  attempts_ = 0;
  run({failed(Kind::kTransient), failed(Kind::kThrottling), Attempt{}});  // 14 + 5, gives 5
  EXPECT_EQ(quota_.left(), full - 42);

  attempts_ = 0;
  run({Attempt{}});
  EXPECT_EQ(quota_.left(), full - 41);
}

TEST_F(RetryTest, WithoutTokensThereIsNoRetry) {
  ASSERT_TRUE(quota_.take(490));
  EXPECT_STREQ(failure_of({failed(Kind::kTransient)}).what(),
               "busy; not tried again: too many calls of this run have failed");
  EXPECT_EQ(quota_.left(), 10);

  // A throttled call may still afford one.
  attempts_ = 0;
  EXPECT_STREQ(
      failure_of({failed(Kind::kThrottling), failed(Kind::kThrottling), failed(Kind::kThrottling)})
          .what(),
      "busy (3 attempts)");
  EXPECT_EQ(quota_.left(), 0);
  EXPECT_FALSE(quota_.take(1));
}

TEST_F(RetryTest, WaitPastTheDeadlineIsNotBegun) {
  const Stop soon{milliseconds{500}};
  const Retry retry{quota_, [] { return 1.0; },
                    [this](milliseconds wait, const Stop&) { waits_.push_back(wait); }};
  try {
    retry.run([] { return failed(Kind::kThrottling); }, soon);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::kAwsFailed);
    EXPECT_STREQ(error.what(), "busy; not tried again: the run is out of time");
  }
  EXPECT_TRUE(waits_.empty());
}

TEST_F(RetryTest, StopEndsAWaitWithinAMoment) {
  const Retry retry{quota_};
  std::thread interrupter{[&] {
    std::this_thread::sleep_for(milliseconds{50});
    stop_.request();
  }};
  const auto start = std::chrono::steady_clock::now();
  Attempt asked = failed(Kind::kTransient);
  asked.retry_after = milliseconds{4000};
  try {
    retry.run([&] { return asked; }, stop_);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::kInterrupted);
    EXPECT_STREQ(error.what(), "interrupted while waiting to try again");
  }
  interrupter.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds{300});
}

TEST_F(RetryTest, StopDuringAnAttemptIsAnInterruptionAndNotALackOfTime) {
  const Retry retry{quota_, [] { return 1.0; },
                    [this](milliseconds wait, const Stop&) { waits_.push_back(wait); }};
  try {
    retry.run(
        [&] {
          stop_.request();
          return failed(Kind::kTransient);
        },
        stop_);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::kInterrupted);
    EXPECT_STREQ(error.what(), "interrupted while waiting to try again");
  }
}

TEST_F(RetryTest, OwnRandomnessStaysBelowTheLongestWait) {
  const Retry retry{quota_};
  int calls = 0;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(retry.run(
                   [&] {
                     ++calls;
                     return failed(Kind::kTransient);
                   },
                   stop_),
               Error);
  EXPECT_EQ(calls, 3);
  // 50 and 100 ms at most.
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds{400});
}

}  // namespace
}  // namespace drift
