#include "drift/doctor/checks.h"

#include <gtest/gtest.h>

namespace drift::doctor {
namespace {

using std::chrono::seconds;

constexpr TimePoint kNow{seconds{1'800'000'000}};

TEST(ClockCheck, MinuteEitherWayIsNoMatter) {
  EXPECT_EQ(clock_outcome(kNow, kNow),
            (Outcome{"clock", "", State::kOk, "within 0 s of AWS's", ""}));
  EXPECT_EQ(clock_outcome(kNow + seconds{60}, kNow).seen, "within 60 s of AWS's");
  EXPECT_EQ(clock_outcome(kNow - seconds{60}, kNow).state, State::kOk);
}

TEST(ClockCheck, MoreIsToldWithItsDirection) {
  EXPECT_EQ(clock_outcome(kNow + seconds{61}, kNow).seen, "61 s ahead of AWS's");
  EXPECT_EQ(clock_outcome(kNow - seconds{61}, kNow).seen, "61 s behind AWS's");
  EXPECT_EQ(clock_outcome(kNow - seconds{61}, kNow).state, State::kWarn);
}

}  // namespace
}  // namespace drift::doctor
