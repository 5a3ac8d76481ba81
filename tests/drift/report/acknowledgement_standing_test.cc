#include "drift/report/acknowledgement_standing.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

using std::chrono::days;

const TimePoint kGiven = std::chrono::sys_days{std::chrono::year{2026} / 11 / 13};

Acknowledgement acknowledgement() {
  return {kGiven + days{7},
          kGiven,
          "ann@host",
          "deploy on Monday",
          {{"pending_revisions", "aa", {"b2", "c3"}}},
          0,
          {}};
}

StoredReport behind(TimePoint at, TimePoint since) {
  StoredReport report;
  report.timestamp = at;
  report.status = "behind";
  report.findings = {{"pending_revisions", verdict::Severity::kWarning, "aa", "", "", {"b2"}}};
  report.seen.emplace();
  report.seen->drift = Seen::Drift{{since}, {}, false};
  return report;
}

StoredReport synced(TimePoint at) {
  StoredReport report;
  report.timestamp = at;
  report.status = "synced";
  report.seen.emplace();
  return report;
}

std::string text(const Acknowledgement& given, const StoredReport& latest, days after = days{1}) {
  return standing_text(given, &latest, kGiven + after);
}

TEST(Standing, IsInForceUntilItsDay) {
  const StoredReport latest = behind(kGiven + days{1}, kGiven - days{2});
  EXPECT_EQ(text(acknowledgement(), latest), "in force until 2026-11-20T00:00:00Z");
  EXPECT_EQ(text(acknowledgement(), latest, days{7}), "ended on its day, 2026-11-20T00:00:00Z");
  EXPECT_EQ(standing_of(acknowledgement(), nullptr, kGiven), Standing::kInForce);
}

TEST(Standing, IsEndedByWhoeverTookItBack) {
  Acknowledgement given = acknowledgement();
  given.withdrawn = Withdrawal{kGiven + days{1}, "bob@host"};
  const StoredReport latest = behind(kGiven, kGiven);
  EXPECT_EQ(text(given, latest), "withdrawn at 2026-11-14T00:00:00Z by bob@host");
  given.withdrawn->reason = "the deploy\nis off";
  EXPECT_EQ(text(given, latest),
            "withdrawn at 2026-11-14T00:00:00Z by bob@host: the deploy\\nis off");
}

TEST(Standing, IsEndedByARecoveryWhoseTimeIsSaidOnlyWhereItIsKnown) {
  StoredReport latest = synced(kGiven + days{1});
  EXPECT_EQ(text(acknowledgement(), latest), "ended: recovered");
  latest.alert_kind = "recovered";
  EXPECT_EQ(text(acknowledgement(), latest), "ended: recovered at 2026-11-14T00:00:00Z");
  // A report from before it was given says nothing about what came after.
  EXPECT_EQ(standing_of(acknowledgement(), nullptr, kGiven), Standing::kInForce);
  latest.timestamp = kGiven - days{1};
  EXPECT_EQ(text(acknowledgement(), latest), "in force until 2026-11-20T00:00:00Z");
}

TEST(Standing, IsEndedWhereTheDriftIsAnotherOne) {
  EXPECT_EQ(text(acknowledgement(), behind(kGiven + days{4}, kGiven + days{3}), days{4}),
            "ended: recovered");
  // It could not be told last, and what was remembered of the drift was gone by then.
  StoredReport failed = synced(kGiven + days{2});
  failed.status = "error";
  failed.failure = Failure{"production", "timed_out", "no answer", ""};
  EXPECT_EQ(text(acknowledgement(), failed), "ended: recovered");
  failed.seen->drift = Seen::Drift{{kGiven - days{2}}, {}, true};
  EXPECT_EQ(text(acknowledgement(), failed), "in force until 2026-11-20T00:00:00Z");
}

TEST(Standing, GoesByTheNumbersOfReportsWhereAClockJumped) {
  Acknowledgement given = acknowledgement();
  given.sequence = 5;
  StoredReport latest = synced(kGiven - days{300});
  latest.sequence = 6;
  EXPECT_EQ(text(given, latest), "ended: recovered");
  latest = synced(kGiven + days{1});
  latest.sequence = 5;
  EXPECT_EQ(text(given, latest), "in force until 2026-11-20T00:00:00Z");
}

TEST(Coverage, IsSaidByFinding) {
  Acknowledgement given = acknowledgement();
  given.findings.push_back({"unknown_revision", "bb", {"x1", "x2", "x3", "x4", "x5", "x6\n"}});
  given.findings.push_back({"duplicate_row", "cc", {}});
  EXPECT_EQ(covered_text(given),
            "pending_revisions (b2, c3) and further pending revisions; unknown_revision (x1, x2, "
            "x3, x4, x5 and 1 more); duplicate_row");
  StoredReport latest = behind(kGiven, kGiven);
  EXPECT_EQ(uncovered_text(given, latest), "");
  latest.findings.push_back(
      {"unknown_revision", verdict::Severity::kCritical, "dd", "", "", {"zz99"}});
  EXPECT_EQ(uncovered_text(given, latest), "unknown_revision (zz99)");
}

TEST(AcknowledgementLines, SayWhoWhenAndWhy) {
  StoredReport latest = behind(kGiven, kGiven);
  latest.findings.push_back(
      {"unknown_revision", verdict::Severity::kCritical, "dd", "", "", {"zz99"}});
  EXPECT_EQ(
      acknowledgement_lines(acknowledgement(), &latest, kGiven),
      (std::vector<std::string>{"in force until 2026-11-20T00:00:00Z",
                                "given at 2026-11-13T00:00:00Z by ann@host: deploy on Monday",
                                "covers pending_revisions (b2, c3) and further pending revisions",
                                "does not cover unknown_revision (zz99)"}));
  EXPECT_EQ(acknowledgement_lines(acknowledgement(), nullptr, kGiven).back(),
            "the target's last report cannot be read: whether it recovered is unknown");
}

TEST(AcknowledgementsText, NamesWhatCannotBeRead) {
  EXPECT_EQ(acknowledgements_text({}, kGiven), "there is no acknowledgement here\n");
  EXPECT_EQ(acknowledgements_text({{"shop", {}, {}}}, kGiven),
            "shop: its acknowledgement cannot be read\n");
}

}  // namespace
}  // namespace drift::report
