#include "drift/cli/time_words.h"

#include <gtest/gtest.h>

namespace drift::cli {
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
}  // namespace drift::cli
