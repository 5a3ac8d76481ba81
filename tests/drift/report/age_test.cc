#include "drift/report/age.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

using std::chrono::days;
using std::chrono::hours;

const TimePoint kNow{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

TEST(TimeSpan, IsWholeUnits) {
  EXPECT_EQ(time_span(days{1}), "1 day");
  EXPECT_EQ(time_span(days{9} + hours{23}), "9 days");
  EXPECT_EQ(time_span(hours{5}), "5 hours");
  EXPECT_EQ(time_span(std::chrono::minutes{59}), "less than an hour");
}

TEST(Age, IsTheTimeSince) {
  EXPECT_EQ(age(kNow - days{3}, kNow), "3 days");
  EXPECT_EQ(age(kNow, kNow), "less than an hour");
  EXPECT_EQ(age(*parse_rfc3339("2005-01-01T00:00:00Z"), kNow), "7993 days");
}

TEST(Age, OfWhatCannotHaveBeenIsNone) {
  EXPECT_EQ(age(kNow + std::chrono::seconds{1}, kNow), std::nullopt);
  EXPECT_EQ(age(TimePoint{}, kNow), std::nullopt);
  EXPECT_EQ(age(*parse_rfc3339("2004-12-31T23:59:59Z"), kNow), std::nullopt);
  // The run's own clock was never set.
  EXPECT_EQ(age(kNow, TimePoint{std::chrono::seconds{60}}), std::nullopt);
}

}  // namespace
}  // namespace drift::report
