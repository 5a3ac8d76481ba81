#include "drift/doctor/checks.h"

#include <gtest/gtest.h>

namespace drift::doctor {
namespace {

const TimePoint kNow{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

Outcome at(TimePoint time) {
  report::StoredReport last;
  last.target = "orders";
  last.status = "synced";
  last.timestamp = time;
  return last_report_outcome(last, kNow);
}

TEST(LastReport, OfAClockThatIsALittleAheadIsNew) {
  EXPECT_EQ(at(kNow + std::chrono::minutes{5}).seen, "less than an hour ago: synced");
  EXPECT_EQ(at(kNow + std::chrono::minutes{5}).state, State::kOk);
}

TEST(LastReport, OfATimeThatCannotBeIsNoAge) {
  const std::string action =
      "that cannot be: here it is 2026-11-20T03:00:00Z; set the clock of the machine that runs, or "
      "this one's";
  EXPECT_EQ(
      at(kNow + std::chrono::days{30}),
      (Outcome{"last_report", "orders", State::kWarn,
               "it is dated 2026-12-20T03:00:00Z, 30 days after this machine's clock: synced",
               "one of the two clocks is wrong: compare that of the nightly run's machine and "
               "this one's with the time; ages and reminders go by it"}));
  EXPECT_EQ(
      at(TimePoint{std::chrono::seconds{300}}),
      (Outcome{"last_report", "orders", State::kWarn, "at 1970-01-01T00:05:00Z: synced", action}));
}

}  // namespace
}  // namespace drift::doctor
