#include <gtest/gtest.h>

#include <string_view>

#include "drift/base/printable.h"
#include "drift/report/report.h"
#include "tests/drift/report/example_report.h"

namespace drift::report {
namespace {

using verdict::Status;

constexpr std::size_t kMostOfSns = 256 * 1024;
constexpr const char* kPlace = "s3://reports/orders.json";

// With an alert that reminds of it.
Report told() {
  Report report = behind();
  report.warnings = {"a warning"};
  report.alert.emplace();
  report.alert->send = true;
  report.alert->kind = AlertKind::kDriftReminder;
  report.alert->reason = "it is still there";
  report.alert->seen.drift = Seen::Drift{{kRunTime - std::chrono::days{9}}, {}, false};
  return report;
}

Report failed(const std::string& message) {
  Report report = told();
  report.status = Status::kError;
  report.pending.clear();
  report.findings.clear();
  report.alert->kind = AlertKind::kCannotTell;
  report.alert->seen.drift.reset();
  report.failure = Failure{"production", "connection_failed", message, "is the database up?"};
  return report;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ReportText, SaysWhatWhereSinceWhenAndWhatToDo) {
  EXPECT_EQ(to_text(behind(), false),
            "orders: BEHIND: 1 revision is pending\n"
            "  repository  /srv/orders.git at main (aaaaaaaaaaaa, committed "
            "2026-11-19T03:00:00Z)\n"
            "  production  orders on db.example.com:5432, public.alembic_version\n"
            "  heads       b2\n"
            "  applied     a1\n"
            "  oldest      b2 was committed 2026-11-17T03:00:00Z (3 days ago)\n"
            "  pending     in upgrade order:\n"
            "    b2  add an index  (2026-11-17, example)\n"
            "  finding     1 revision is not applied: 'b2'\n"
            "  what to do  apply with `alembic upgrade heads`\n");
}

TEST(ReportText, AFailureNamesItsCauseAndWhatToTry) {
  EXPECT_EQ(to_text(unread(), false),
            "orders: ERROR: cannot tell: cannot connect to orders on db.example.com:5432: "
            "connection refused\n"
            "  repository  /srv/orders.git at HEAD\n"
            "  production  orders on db.example.com:5432\n"
            "  what to do  is the database up?\n");
}

TEST(ReportText, ColoursOnlyTheStatusAndOnlyWhenAsked) {
  EXPECT_EQ(to_text(behind(), false).find('\x1b'), std::string::npos);
  EXPECT_NE(to_text(behind(), true).find("\x1b[33mBEHIND\x1b[0m"), std::string::npos);
}

TEST(ReportText, TextFromARepositoryCannotMoveTheCursor) {
  Report report = behind();
  report.pending[0].message = "x\x1b[2J\nsynced";
  EXPECT_NE(to_text(report, false).find("x\\x1b[2J\\nsynced"), std::string::npos);
}

TEST(ReportText, ALongListIsCutAndSaysSo) {
  Report report = behind();
  report.pending.assign(25, report.pending[0]);
  EXPECT_NE(to_text(report, false).find("    and 5 more, all in the JSON report\n"),
            std::string::npos);
}

TEST(ReportText, FirstSeenIsWhatReportsSay) {
  Report report = behind();
  report.alert = AlertDecision{};
  report.alert->seen.drift = Seen::Drift{{kRunTime - std::chrono::days{9}}, {}, false};
  EXPECT_NE(to_text(report, false).find("  first seen  2026-11-11T03:00:00Z (9 days ago)\n"),
            std::string::npos);
  // This run is the first to see it: nobody knows since when.
  report.alert->seen.drift->first.at = kRunTime;
  EXPECT_EQ(to_text(report, false).find("first seen"), std::string::npos);
}

TEST(ReportText, AnAgeThatCannotBeIsNotPrinted) {
  Report report = behind();
  report.alert = AlertDecision{};
  for (const TimePoint lie :
       {TimePoint{}, TimePoint{std::chrono::seconds{86'400}}, kRunTime + std::chrono::seconds{1}}) {
    report.pending[0].committed_at = lie;
    report.alert->seen.drift = Seen::Drift{{lie}, {}, false};
    const std::string text = to_text(report, false);
    EXPECT_EQ(text.find(" ago)"), std::string::npos) << text;
    EXPECT_EQ(text.find("  oldest "), std::string::npos) << text;
  }
  // The run's own clock lies: every commit is of the future then.
  report = behind();
  report.timestamp = TimePoint{std::chrono::seconds{300}};
  EXPECT_EQ(to_text(report, false).find(" ago)"), std::string::npos);
}

TEST(ReportText, TheOldestPendingIsTheOldestWhoseDateCanBeTrue) {
  Report report = behind();
  report.pending.push_back(report.pending[0]);
  report.pending[1].revision = "epoch";
  report.pending[1].committed_at = TimePoint{};
  EXPECT_NE(to_text(report, false).find("  oldest      b2 was committed"), std::string::npos);
}

TEST(ReportText, WithoutAVersionTableNobodyKnowsWhatIsPendingSinceWhen) {
  Report report = behind();
  report.status = Status::kUnversioned;
  report.reason = "table_empty";
  EXPECT_EQ(to_text(report, false).find(" ago)"), std::string::npos);
}

TEST(ReportText, ALongTitleIsCut) {
  Report report = behind();
  report.pending[0].message = std::string(1u << 20, 'd');
  const std::string text = to_text(report, false);
  EXPECT_NE(text.find("  " + std::string(200, 'd') + "...  (2026-11-17, example)\n"),
            std::string::npos);
}

TEST(AlertText, SaysWhatSinceWhenWhatToDoAndWhereThenDetails) {
  EXPECT_EQ(alert_text(told(), kPlace),
            "[schema-drift] orders: BEHIND, for 9 days: 1 revision is pending\n"
            "  finding     1 revision is not applied: 'b2'\n"
            "  why now     it is still there\n"
            "  first seen  2026-11-11T03:00:00Z (9 days ago)\n"
            "  oldest      b2 was committed 2026-11-17T03:00:00Z (3 days ago)\n"
            "  what to do  apply with `alembic upgrade heads`\n"
            "  report      s3://reports/orders.json\n"
            "  run         0123456789abcdef at 2026-11-20T03:00:00Z\n"
            "\n"
            "  repository  /srv/orders.git at main (aaaaaaaaaaaa, committed 2026-11-19T03:00:00Z)\n"
            "  production  orders on db.example.com:5432, public.alembic_version\n"
            "  heads       b2\n"
            "  applied     a1\n"
            "  pending     in upgrade order:\n"
            "    b2  add an index  (2026-11-17, example)\n"
            "  warning     a warning\n");
}

TEST(AlertText, OfAFailureHoldsItsWholeMessageItsKindAndTheHint) {
  const std::string message = "cannot connect: " + std::string(10'240, 'm') + "!";
  const std::string text = alert_text(failed(message), kPlace);
  EXPECT_TRUE(has(text, "\n  failure     " + message +
                            "\n"
                            "  kind        connection_failed, of production\n"
                            "  why now     it is still there\n"
                            "  what to do  is the database up?\n"
                            "  report      s3://reports/orders.json\n"
                            "  run         0123456789abcdef at 2026-11-20T03:00:00Z\n\n"))
      << text.substr(0, 200);
}

// All that others write, at once: what is to be known stands before it and is whole.
TEST(AlertText, NothingThatOthersWritePushesTheFindingOut) {
  Report report = told();
  report.pending.assign(10'000, report.pending[0]);
  for (auto& pending : report.pending) pending.message = std::string(1'000, 'd');
  report.pending[0].message = std::string(1u << 20, 'd');
  report.pending[0].revision = std::string(1u << 16, 'r');
  report.pending[0].author = std::string(1u << 16, 'a');
  report.codebase_heads = std::vector<std::string>(10'000, std::string(1'000, 'h'));
  report.production_versions = report.codebase_heads;
  report.warnings.assign(10'000, std::string(10'000, 'w'));
  report.alert->reason = std::string(1u << 20, 'y');
  report.alert->changes.assign(10'000, std::string(10'000, 'c'));
  report.findings.assign(10'000, report.findings[0]);
  for (std::size_t i = 1; i < report.findings.size(); ++i) {
    report.findings[i].message = std::string(10'000, 'f');
    report.findings[i].action = std::to_string(i) + std::string(10'000, 'x');
  }
  report.repository.url = std::string(1u << 20, 'u');
  report.repository.ref = std::string(1u << 20, 'b');
  const std::string text = alert_text(report, kPlace);
  EXPECT_LT(text.size(), kMostOfSns);
  EXPECT_TRUE(has(text, "\n  finding     1 revision is not applied: 'b2'\n"));
  EXPECT_TRUE(has(text, "\n  finding     and 9995 more findings, in the JSON report\n"));
  EXPECT_TRUE(has(text, "\n  changed     and 9990 more, in the JSON report\n"));
  EXPECT_TRUE(has(text, "\n  what to do  apply with `alembic upgrade heads`\n"));
  EXPECT_TRUE(has(text, "\n  report      s3://reports/orders.json\n"));
  EXPECT_TRUE(has(text, "\n    and 9980 more, all in the JSON report\n"));
  EXPECT_TRUE(has(text, "hhh... and 9980 more\n"));
  EXPECT_TRUE(has(text, "\n  warning     and 9980 more warnings, in the JSON report\n"));
  EXPECT_LT(text.find("  report      "), text.find("  repository  "));
}

TEST(AlertText, AFailureOfAMegabyteLeavesRoomForTheRest) {
  Report report = failed(std::string(1u << 20, '\x01'));
  report.failure->hint = std::string(1u << 20, '\x02');
  const std::string text = alert_text(report, "NOT STORED: " + std::string(1u << 20, 'n'));
  EXPECT_LT(text.size(), kMostOfSns);
  EXPECT_TRUE(has(text, "\n  report      NOT STORED: nnn"));
  EXPECT_TRUE(has(text, "\n  kind        connection_failed, of production\n"));
}

TEST(AlertText, AStatementIsCutBetweenItsLines) {
  Report report = told();
  std::string statement = "BEGIN;";
  for (int i = 0; i < 2'000; ++i) statement += "\nDELETE FROM alembic_version WHERE v = 'x';";
  report.findings[0].action = "run:\n" + statement + "\nCOMMIT;";
  const std::string text = alert_text(report, kPlace);
  EXPECT_TRUE(has(text, "v = 'x';\n              [cut here: the JSON report has the rest]\n"));
  EXPECT_FALSE(has(text, "COMMIT"));
  EXPECT_TRUE(has(text, "\n  report      s3://reports/orders.json\n"));
}

TEST(AlertText, ControlCharactersNeitherMoveTheCursorNorMakeLines) {
  Report report = failed(
      "x\x1b[2J\r\nSubject: forged\n.\n\xe2\x80\xae"
      "desrever\xff");
  report.target = "or\nders";
  report.failure->kind = "a\rb";
  report.warnings = {"bell\x07\nsecond line"};
  const std::string text = alert_text(report, "/srv/a\nreport      /etc/passwd");
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_TRUE(
      has(text, "\n  failure     x\\x1b[2J\\x0d\\nSubject: forged\\n.\\n\\u202edesrever\\xff\n"));
  EXPECT_TRUE(has(text, "\n  kind        a\\x0db, of production\n"));
  EXPECT_TRUE(has(text, "\n  report      /srv/a\\nreport      /etc/passwd\n"));
  EXPECT_TRUE(has(text, "\n  warning     bell\\x07\n              second line\n"));
}

TEST(Subject, IsAtMostAHundredPrintableAsciiCharacters) {
  const std::string line = subject(failed("kän\nnot " + std::string(1u << 20, 'x')));
  EXPECT_EQ(line.size(), 100u);
  EXPECT_TRUE(line.starts_with("[schema-drift] orders: ERROR: cannot tell: k?n\\nnot xxx")) << line;
  EXPECT_TRUE(line.ends_with("xxx..."));
}

// What does not fit is cut between two characters, and one that fits is not cut at all.
TEST(Subject, IsCutBetweenCharacters) {
  for (std::size_t before = 0; before < 8; ++before) {
    Report report = failed(std::string(before, 'x'));
    for (int i = 0; i < 200; ++i) report.failure->message += "\xf0\x9f\x9a\xa8";
    const std::string whole = title(report);
    EXPECT_TRUE(is_utf8(whole)) << whole;
    EXPECT_TRUE(whole.ends_with("\xf0\x9f\x9a\xa8...")) << whole;
    EXPECT_EQ(subject(report).size(), 100u);
    EXPECT_TRUE(subject(report).ends_with("?...")) << subject(report);
  }
  const std::size_t room = 100 - subject(failed("")).size();
  EXPECT_TRUE(subject(failed(std::string(room, 'x'))).ends_with("xxx"));
  EXPECT_TRUE(subject(failed(std::string(room + 1, 'x'))).ends_with("xxx..."));
}

TEST(Subject, NamesNoAgeThatCannotBe) {
  Report report = told();
  for (const TimePoint lie : {TimePoint{}, kRunTime + std::chrono::days{3}}) {
    report.alert->seen.drift->first.at = lie;
    EXPECT_EQ(subject(report), "[schema-drift] orders: BEHIND, still: 1 revision is pending");
  }
}

TEST(Severity, IsThatOfTheGravestFinding) {
  Report report = told();
  EXPECT_EQ(severity(report), verdict::Severity::kWarning);
  report.findings.clear();
  EXPECT_EQ(severity(report), verdict::Severity::kInfo);
  EXPECT_EQ(severity(failed("x")), verdict::Severity::kCritical);
}

}  // namespace
}  // namespace drift::report
