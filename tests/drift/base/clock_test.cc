#include "drift/base/clock.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

std::string shown(const char* text) {
  const auto time = parse_rfc3339(text);
  return time ? rfc3339(*time) : "none";
}

TEST(Clock, WritesInstantsInUtcWhateverTheTimeZone) {
  ::setenv("TZ", "Asia/Kolkata", 1);
  ::tzset();
  const TimePoint time{std::chrono::seconds{1'795'143'600}};
  EXPECT_EQ(rfc3339(time), "2026-11-20T03:00:00Z");
  EXPECT_EQ(basic_timestamp(time), "20261120T030000Z");
  ::unsetenv("TZ");
  ::tzset();
}

TEST(ParseRfc3339, TakesFractionsAndOffsets) {
  EXPECT_EQ(shown("2026-11-20T03:00:00Z"), "2026-11-20T03:00:00Z");
  EXPECT_EQ(shown("2026-11-20T03:00:00.123456+00:00"), "2026-11-20T03:00:00Z");
  EXPECT_EQ(shown("2026-11-20T03:00:00+05:30"), "2026-11-19T21:30:00Z");
  EXPECT_EQ(shown("2026-11-20 03:00:00-0130"), "2026-11-20T04:30:00Z");
  EXPECT_EQ(shown("2028-02-29T23:59:60Z"), "2028-03-01T00:00:00Z");
}

TEST(ParseRfc3339, OtherTextIsNone) {
  for (const char* text :
       {"", "2026", "2026-11-20", "2026-13-20T03:00:00Z", "2026-00-20T03:00:00Z",
        "2026-02-30T03:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T03:00:00.Z",
        "2026-11-20T03:00:00X", "2026-11-20T03:00:00+99:00", "2026-11-20T03:00:00Z ", "now"}) {
    EXPECT_EQ(shown(text), "none") << text;
  }
}

}  // namespace

namespace {

const TimePoint kNow{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

std::string shown(const std::string& text, bool ahead) {
  const auto time = time_of(text, kNow, ahead);
  return time ? rfc3339(*time) : "none";
}

TEST(TimeWords, AreDatesTimesAndDistances) {
  EXPECT_EQ(shown("2026-12-01", true), "2026-12-01T00:00:00Z");
  EXPECT_EQ(shown("2026-12-01T09:00:00+01:00", true), "2026-12-01T08:00:00Z");
  EXPECT_EQ(shown("7d", true), "2026-11-27T03:00:00Z");
  EXPECT_EQ(shown("7d", false), "2026-11-13T03:00:00Z");
  EXPECT_EQ(shown("36h", false), "2026-11-18T15:00:00Z");
  EXPECT_EQ(shown("2w", false), "2026-11-06T03:00:00Z");
  EXPECT_EQ(shown("2y", false), "2024-11-20T03:00:00Z");
  EXPECT_EQ(shown("1y", true), "2027-11-20T03:00:00Z");
  const TimePoint leap_day = std::chrono::sys_days{std::chrono::year{2028} / 2 / 29};
  EXPECT_EQ(rfc3339(*time_of("1y", leap_day, /*ahead=*/false)), "2027-02-28T00:00:00Z");
}

TEST(TimeWords, OtherTextIsNone) {
  for (const char* text : {"", "d", "7", "7m", "101y", "-1y", "yy", "-7d", "7dd", "1e9d",
                           "99999999999d", "2026-13-01", "yesterday", "7d "}) {
    EXPECT_EQ(shown(text, false), "none") << text;
  }
}

}  // namespace

}  // namespace drift
