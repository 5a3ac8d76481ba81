#include "drift/report/target_history.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

using std::chrono::days;
using std::chrono::hours;

const TimePoint kSince = std::chrono::sys_days{std::chrono::year{2026} / 11 / 13};
const Period kWeek{kSince, kSince + days{7}};

TargetHistory history(const std::vector<std::pair<hours, std::string>>& runs) {
  TargetHistory history;
  history.target = "orders";
  for (const auto& [after, status] : runs) {  // newest first
    PastRun report;
    report.timestamp = kSince + after;
    report.status = status;
    history.reports.push_back(report);
  }
  return history;
}

std::string shown(const TargetHistory& history, const Period& period = kWeek) {
  std::string text;
  for (const Stretch& stretch : stretches(history, period)) {
    text += std::to_string((stretch.begin - period.since) / hours{1}) + "-" +
            std::to_string((stretch.end - period.since) / hours{1}) + " " +
            (stretch.status.empty() ? "gap" : stretch.status) + "; ";
  }
  return text;
}

TEST(Stretches, AVerdictHoldsUntilTheNextRun) {
  EXPECT_EQ(shown(history({{hours{51}, "behind"}, {hours{27}, "synced"}, {hours{3}, "synced"}}),
                  {kSince, kSince + hours{60}}),
            "0-3 gap; 3-27 synced; 27-51 synced; 51-60 behind; ");
}

TEST(Stretches, NobodyKnowsAfterTooLongASilence) {
  EXPECT_EQ(shown(history({{hours{100}, "synced"}, {hours{3}, "behind"}})),
            "0-3 gap; 3-29 behind; 29-100 gap; 100-126 synced; 126-168 gap; ");
  EXPECT_EQ(shown(history({})), "0-168 gap; ");
}

TEST(Stretches, CoverThePeriodWithoutOverlap) {
  const TargetHistory many = history({{hours{30}, "a"}, {hours{30}, "b"}, {hours{29}, "c"}});
  TimePoint at = kWeek.since;
  for (const Stretch& stretch : stretches(many, kWeek)) {
    EXPECT_EQ(stretch.begin, at);
    EXPECT_LT(stretch.begin, stretch.end);
    at = stretch.end;
  }
  EXPECT_EQ(at, kWeek.until);
}

TEST(Summary, DoesNotPrintAnAgeThatCannotBe) {
  TargetHistory orders;
  orders.target = "orders";
  orders.latest.emplace();
  orders.latest->timestamp = kWeek.until - hours{1};
  orders.latest->status = "behind";
  orders.latest->pending.resize(2);
  orders.latest->findings.resize(1);
  for (const TimePoint since : {TimePoint{}, kWeek.until + days{3}}) {
    orders.latest->alert_state = AlertState{AlertState::Drift{since, since, {}, false}, {}, true};
    EXPECT_NE(summary_text({orders}, kWeek).find("\n  orders: behind: 2 revisions are pending\n"),
              std::string::npos);
  }
  orders.latest->alert_state->drift->since = kSince;
  EXPECT_NE(summary_text({orders}, kWeek)
                .find("\n  orders: behind since 2026-11-13 (7 days): 2 revisions are pending\n"),
            std::string::npos);
}

TEST(Summary, ARunWhoseClockWasNeverSetIsNotTwentyThousandDaysOld) {
  TargetHistory orders;
  orders.target = "orders";
  orders.latest.emplace();
  orders.latest->timestamp = TimePoint{std::chrono::seconds{300}};
  orders.latest->status = "synced";
  EXPECT_NE(summary_text({orders}, kWeek)
                .find("\n  orders: the clock of its last run was wrong: 1970-01-01T00:05:00Z\n"),
            std::string::npos);
}

TEST(TroubleSince, IsWhenItBeganOrElseThisReport) {
  StoredReport report;
  report.timestamp = kSince + days{3};
  report.status = "synced";
  EXPECT_EQ(trouble_since(report), std::nullopt);
  report.status = "behind";
  EXPECT_EQ(trouble_since(report), report.timestamp);
  report.seen = Seen{Seen::Drift{{kSince, 0}, {}}, {}};
  EXPECT_EQ(trouble_since(report), kSince);
  report.status = "error";
  report.failure = Failure{"production", "timed_out", "no answer", ""};
  EXPECT_EQ(trouble_since(report), report.timestamp);
}

}  // namespace
}  // namespace drift::report
