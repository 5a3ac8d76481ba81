#include <gtest/gtest.h>

#include "drift/doctor/checks.h"

namespace drift::doctor {
namespace {

TEST(Schedule, ARuleThatIsEnabledStartsIt) {
  EXPECT_EQ(schedule_outcome("check", {{"weekly", false, ""}, {"nightly", true, "rate(1 day)"}}),
            (Outcome{"schedule", "check", State::kOk,
                     "weekly is disabled; nightly is enabled, rate(1 day)", ""}));
}

TEST(Schedule, RulesThatAreAllSwitchedOffTellNobody) {
  const Outcome off = schedule_outcome("check", {{"nightly", false, "rate(1 day)"}});
  EXPECT_EQ(off.state, State::kWarn);
  EXPECT_EQ(off.action, "nothing runs at night: aws events enable-rule --name nightly");
  EXPECT_TRUE(off.tells_nobody);
  const Outcome none = schedule_outcome("check", {});
  EXPECT_EQ(none.seen, "no rule of EventBridge starts it");
  EXPECT_EQ(none.state, State::kWarn);
  EXPECT_FALSE(none.tells_nobody);  // something else may
}

TEST(Alarms, OneMustNoticeThatNoRunComes) {
  EXPECT_EQ(alarms_outcome("shop", {{"no-run", true, true}, {"drift", false, false}}),
            (Outcome{"alarms", "shop", State::kOk, "2 alarms, 1 of them tells somebody", ""}));
  const char* silence =
      "none tells that no run comes: cron/cloudformation.yaml has the alarm no-run, on "
      "RunDuration, "
      "with missing data taken as breaching";
  EXPECT_EQ(
      alarms_outcome("shop", {{"no-run", false, true}, {"drift", true, false}}),
      (Outcome{"alarms", "shop", State::kWarn, "2 alarms, 1 of them tells somebody", silence}));
  EXPECT_EQ(alarms_outcome("shop", {}),
            (Outcome{"alarms", "shop", State::kWarn, "no alarm looks at its metrics", silence}));
}

}  // namespace
}  // namespace drift::doctor
