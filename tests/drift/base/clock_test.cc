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
}  // namespace drift
