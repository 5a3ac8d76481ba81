#include "drift/base/clock.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(Clock, WritesInstantsInUtcWhateverTheTimeZone) {
  ::setenv("TZ", "Asia/Kolkata", 1);
  ::tzset();
  const TimePoint time{std::chrono::seconds{1'795'143'600}};
  EXPECT_EQ(rfc3339(time), "2026-11-20T03:00:00Z");
  EXPECT_EQ(basic_timestamp(time), "20261120T030000Z");
  ::unsetenv("TZ");
  ::tzset();
}

}  // namespace
}  // namespace drift
