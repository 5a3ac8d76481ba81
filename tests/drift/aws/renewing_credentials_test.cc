#include "drift/aws/renewing_credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

using namespace std::chrono_literals;

struct ManualClock : Clock {
  TimePoint now() const override { return TimePoint{std::chrono::seconds{seconds.load()}}; }
  std::atomic<long long> seconds{1'000'000};
};

// When it is asked how often is tested with a real chain in tests/aws/test_credentials.py.

TEST(RenewingCredentials, WithoutExpiryTheyAreFetchedOnce) {
  const ManualClock clock;
  int fetches = 0;
  RenewingCredentials credentials(
      [&](const Stop&) {
        return Credentials{{"id-" + std::to_string(++fetches), "s", ""}, {}, "test"};
      },
      clock);
  const Stop stop;
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-1");
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-1");
  credentials.expire();
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-2");
}

TEST(RenewingCredentials, ManyThreadsWaitForOneRenewalAndShareIt) {
  ManualClock clock;
  std::atomic<int> fetches{0};
  RenewingCredentials credentials(
      [&](const Stop&) {
        std::this_thread::sleep_for(100ms);
        return Credentials{
            {"id-" + std::to_string(++fetches), "s", ""}, clock.now() + 3600s, "test"};
      },
      clock);
  const Stop stop;
  for (const char* expected : {"id-1", "id-2"}) {
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back(
          [&] { right += credentials.get(stop).keys.access_key_id == expected ? 1 : 0; });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 8);
    clock.seconds += 3500;  // 100 s are left: it must be renewed
  }
  EXPECT_EQ(fetches, 2);
}

TEST(RenewingCredentials, ThreadsThatWaitShareTheError) {
  const ManualClock clock;
  std::atomic<int> fetches{0};
  RenewingCredentials credentials(
      [&](const Stop&) -> Credentials {
        ++fetches;
        std::this_thread::sleep_for(200ms);
        throw Error{Fault::kNoCredentials, "the source is down"};
      },
      clock);
  const Stop stop;
  std::atomic<int> told{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      told += thrown_by([&] { credentials.get(stop); }).what() == std::string("the source is down");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(told, 4);
  EXPECT_LE(fetches, 2);  // a thread that started late asks anew
}

TEST(RenewingCredentials, WhileOneRenewsEarlyTheOthersGoOnWithWhatThereIs) {
  ManualClock clock;
  std::atomic<bool> renewing{false}, may_end{false};
  std::atomic<int> fetches{0};
  RenewingCredentials credentials(
      [&](const Stop&) {
        const int fetch = ++fetches;
        if (fetch == 2) {
          renewing = true;
          while (!may_end) std::this_thread::sleep_for(1ms);
        }
        return Credentials{{"id-" + std::to_string(fetch), "s", ""}, clock.now() + 3600s, "test"};
      },
      clock);
  const Stop stop;
  credentials.get(stop);
  clock.seconds += 3600 - 800;
  std::thread renewer([&] { EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-2"); });
  while (!renewing) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-1");
  may_end = true;
  renewer.join();
}

TEST(RenewingCredentials, WaitingForAnotherThreadEndsWithTheRun) {
  const ManualClock clock;
  std::atomic<bool> renewing{false}, may_end{false};
  RenewingCredentials credentials(
      [&](const Stop&) {
        renewing = true;
        while (!may_end) std::this_thread::sleep_for(1ms);
        return Credentials{{"id", "s", ""}, {}, "test"};
      },
      clock);
  const Stop endless;
  std::thread renewer([&] { credentials.get(endless); });
  while (!renewing) std::this_thread::sleep_for(1ms);
  const Stop stop{50ms};
  EXPECT_EQ(thrown_by([&] { credentials.get(stop); }).fault, Fault::kTimedOut);
  may_end = true;
  renewer.join();
}

TEST(RenewingCredentials, WhatHasExpiredAlreadyIsAnError) {
  const ManualClock clock;
  RenewingCredentials credentials(
      [&](const Stop&) {
        return Credentials{{"id", "s", ""}, clock.now() - 1s, "profile x"};
      },
      clock);
  const Stop stop;
  expect_error(thrown_by([&] { credentials.get(stop); }), Fault::kNoCredentials,
               "the credentials from profile x expired at 1970-01-12T13:46:39Z, and it is "
               "1970-01-12T13:46:40Z",
               "renew them where they come from, and check this machine's clock");
}

TEST(RenewingCredentials, AClockThatWasSetBackDoesNotKeepOldOnes) {
  ManualClock clock;
  int fetches = 0;
  RenewingCredentials credentials(
      [&](const Stop&) {
        return Credentials{
            {"id-" + std::to_string(++fetches), "s", ""}, clock.now() + 300s, "test"};
      },
      clock);
  const Stop stop;
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-1");
  clock.seconds -= 100;  // 400 s are left: too few to go without a try
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-2");
}

TEST(RenewingCredentials, ExpiredOnesAreNotUsedHoweverLateTheLastTryWas) {
  ManualClock clock;
  int fetches = 0;
  RenewingCredentials credentials(
      [&](const Stop&) {
        return Credentials{{"id-" + std::to_string(++fetches), "s", ""}, clock.now() + 30s, "test"};
      },
      clock);
  const Stop stop;
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-1");
  clock.seconds += 29;
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-1");
  clock.seconds += 1;
  EXPECT_EQ(credentials.get(stop).keys.access_key_id, "id-2");
}

TEST(RenewingCredentials, AFailureOfWhoMustRenewIsToldToTheNextCallerToo) {
  ManualClock clock;
  int fetches = 0;
  RenewingCredentials credentials(
      [&](const Stop&) {
        if (++fetches > 1) throw Error{Fault::kNoCredentials, "the source is down"};
        return Credentials{{"id", "s", ""}, clock.now() + 300s, "test"};
      },
      clock);
  const Stop stop;
  credentials.get(stop);
  clock.seconds += 60;
  for (const int expected : {2, 3}) {
    EXPECT_STREQ(thrown_by([&] { credentials.get(stop); }).what(), "the source is down");
    EXPECT_EQ(fetches, expected);
  }
}

TEST(RenewingCredentials, AnEarlyTryThatFailsHasNothingLeftOnceTheyWereGivenBack) {
  ManualClock clock;
  int fetches = 0;
  RenewingCredentials* all = nullptr;
  RenewingCredentials credentials(
      [&](const Stop&) {
        if (++fetches == 1) return Credentials{{"id", "s", ""}, clock.now() + 3600s, "test"};
        all->expire();  // as another thread would, whose call was answered that they have expired
        throw Error{Fault::kNoCredentials, "the source is down"};
      },
      clock);
  all = &credentials;
  const Stop stop;
  credentials.get(stop);
  clock.seconds += 3600 - 800;
  EXPECT_STREQ(thrown_by([&] { credentials.get(stop); }).what(), "the source is down");
}

}  // namespace
}  // namespace drift::aws
