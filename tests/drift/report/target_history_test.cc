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
    orders.latest->seen.emplace();
    orders.latest->seen->drift = Seen::Drift{{since}, {}, false};
    EXPECT_NE(summary_text({orders}, kWeek).find("\n  orders: behind: 2 revisions are pending\n"),
              std::string::npos);
  }
  orders.latest->seen->drift->first.at = kSince;
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

std::size_t missed(const std::vector<std::pair<hours, std::string>>& runs,
                   const Period& period = kWeek) {
  return missed_nights(history(runs), period);
}

TEST(MissedNights, AreWholeDaysBetweenRuns) {
  const auto two = [](int apart) {
    return std::vector<std::pair<hours, std::string>>{{hours{3 + apart}, "synced"},
                                                      {hours{3}, "synced"}};
  };
  const Period until_last{kSince, kSince + hours{3 + 100}};
  const auto between = [&](int apart) {
    return missed(two(apart), {kSince, kSince + hours{3 + apart}});
  };
  EXPECT_EQ(between(1), 0U);
  EXPECT_EQ(between(24), 0U);
  EXPECT_EQ(between(45), 0U) << "a run that came late is no night without one";
  EXPECT_EQ(between(46), 1U) << "as early as a run of the next night may be";
  EXPECT_EQ(between(48), 1U);
  EXPECT_EQ(between(69), 1U);
  EXPECT_EQ(between(72), 2U);
  EXPECT_EQ(
      missed({{hours{99}, "synced"}, {hours{51}, "synced"}, {hours{3}, "synced"}}, until_last), 2U);
}

TEST(MissedNights, CountThoseThatShouldHaveRunByNow) {
  EXPECT_EQ(missed({{hours{3}, "synced"}}, {kSince, kSince + hours{28}}), 0U);
  EXPECT_EQ(missed({{hours{3}, "synced"}}, {kSince, kSince + hours{29}}), 1U);
  EXPECT_EQ(missed({{hours{3}, "synced"}}), 6U);
}

TEST(MissedNights, OfATimeBeforeTheFirstRunAreNotKnown) {
  EXPECT_EQ(missed({{hours{147}, "synced"}}), 0U);
  EXPECT_EQ(missed({}), 0U);
  // What lies before the period is none of its nights.
  TargetHistory silent = history({});
  silent.latest = StoredReport{};
  silent.latest->timestamp = kSince - days{3} + hours{3};
  EXPECT_EQ(missed_nights(silent, kWeek), 7U);
  silent.latest->timestamp = kWeek.until + days{1};
  EXPECT_EQ(missed_nights(silent, kWeek), 0U);
}

TEST(Silence, IsLongerThanANightlyRunMayBeLate) {
  TargetHistory one = history({});
  EXPECT_TRUE(is_silent(one, kWeek)) << "without any report";
  one.latest = StoredReport{};
  one.latest->timestamp = kWeek.until - hours{26};
  EXPECT_FALSE(is_silent(one, kWeek));
  one.latest->timestamp -= std::chrono::seconds{1};
  EXPECT_TRUE(is_silent(one, kWeek));
}

TEST(TellsAcknowledgement, WhereItMattersToThePeriod) {
  TargetHistory one = history({});
  EXPECT_FALSE(tells_acknowledgement(one, kWeek));
  one.acknowledgement =
      Acknowledgement{kSince - days{1}, kSince - days{9}, "ann", "why", {}, 0, {}};
  EXPECT_FALSE(tells_acknowledgement(one, kWeek)) << "over before it began";
  one.acknowledgement->until = kSince + days{1};
  EXPECT_TRUE(tells_acknowledgement(one, kWeek));
  one.acknowledgement->withdrawn = Withdrawal{kSince - days{2}, "bob"};
  EXPECT_FALSE(tells_acknowledgement(one, kWeek));
  one.latest = StoredReport{};
  one.latest->status = "behind";
  EXPECT_TRUE(tells_acknowledgement(one, kWeek)) << "whoever looks at the drift wants to know";
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
