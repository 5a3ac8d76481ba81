#include "drift/report/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drift::report {
namespace {

using verdict::Status;

const TimePoint kRunTime{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

Report behind() {
  Report report;
  report.timestamp = kRunTime;
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.repository = {"/srv/orders.git", "main", std::string(40, 'a'),
                       kRunTime - std::chrono::days{1}, "migrations"};
  report.production = {"orders on db.example.com:5432", "public.alembic_version"};
  report.status = Status::kBehind;
  report.codebase_heads = {"20251230_1900"};
  report.production_versions = {"20251201_0900"};
  report.pending = {{"20251230_1900", "add an index", "migrations/versions/x.py", "example",
                     kRunTime - std::chrono::days{3}}};
  report.findings = {{"pending_revisions",
                      verdict::Severity::kWarning,
                      "00112233445566aa",
                      "1 revision is pending",
                      "run `alembic upgrade heads`",
                      {"20251230_1900"}}};
  report.duration_ms = 12;
  report.stage_durations_ms = {{"repository", 7}, {"production", 9}, {"comparison", 1}};
  return report;
}

Report failed() {
  Report report;
  report.timestamp = kRunTime;
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.repository.url = "/srv/orders.git";
  report.production.database = "orders on db.example.com:5432";
  report.failure = Failure{"production", "connection_failed",
                           "cannot connect to orders on db.example.com:5432: connection refused",
                           "is the database up?"};
  return report;
}

TEST(ReportJson, KeepsTheFiveFieldsOfTheNightlyJob) {
  const auto json = nlohmann::json::parse(to_json(behind()));
  EXPECT_EQ(json["timestamp"], "2026-11-20T03:00:00Z");
  EXPECT_EQ(json["codebase_head"], "20251230_1900");
  EXPECT_EQ(json["production_version"], "20251201_0900");
  EXPECT_EQ(json["drift_detected"], true);
  EXPECT_EQ(json["status"], "behind");
}

TEST(ReportJson, AnErrorIsNeitherDriftNorNoDrift) {
  const auto json = nlohmann::json::parse(to_json(failed()));
  EXPECT_TRUE(json["drift_detected"].is_null());
  EXPECT_TRUE(json["codebase_head"].is_null());
  EXPECT_TRUE(json["production_versions"].is_null());
  EXPECT_EQ(json["status"], "error");
  EXPECT_EQ(json["failure"]["kind"], "connection_failed");
}

TEST(ReportJson, SeveralHeadsStandInOneStringForOldReaders) {
  Report report = behind();
  report.codebase_heads = {"a1", "b2"};
  EXPECT_EQ(nlohmann::json::parse(to_json(report))["codebase_head"], "a1,b2");
}

TEST(ReportJson, TheSameReportGivesTheSameBytes) {
  EXPECT_EQ(to_json(behind()), to_json(behind()));
  EXPECT_TRUE(to_json(behind()).starts_with("{\n  \"schema_version\": 2,\n  \"timestamp\""));
}

TEST(ReportJson, ReportsAreNumberedAndNameTheOneBefore) {
  Report report = behind();
  EXPECT_TRUE(nlohmann::json::parse(to_json(report))["sequence"].is_null());
  EXPECT_EQ(evidence(report), "");
  report.previous_unknown_because = "the last report is not JSON";
  report.stored_sha256 = std::string(64, 'd');
  EXPECT_EQ(evidence(report), "report without a number, sha256 " + std::string(64, 'd'));
  follow(report, 40, "abc");
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["sequence"], 41);
  // FIPS 180-2, B.1
  EXPECT_EQ(json["previous_sha256"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(json["previous_unknown_because"].is_null());
  EXPECT_EQ(evidence(report), "report 41, sha256 " + std::string(64, 'd'));
}

TEST(ReportJson, TakesBytesThatAreNoUtf8) {
  Report report = behind();
  report.pending[0].message = "caf\xe9";
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["pending"][0]["message"], "caf\xef\xbf\xbd");
}

TEST(ReportText, SaysWhatWhereSinceWhenAndWhatToDo) {
  EXPECT_EQ(to_text(behind(), false),
            "orders: BEHIND: 1 revision is pending\n"
            "  repository  /srv/orders.git at main (aaaaaaaaaaaa, committed "
            "2026-11-19T03:00:00Z)\n"
            "  production  orders on db.example.com:5432, public.alembic_version\n"
            "  heads       20251230_1900\n"
            "  applied     20251201_0900\n"
            "  oldest      20251230_1900 was committed 2026-11-17T03:00:00Z (3 days ago)\n"
            "  pending     in upgrade order:\n"
            "    20251230_1900  add an index  (2026-11-17, example)\n"
            "  finding     1 revision is pending\n"
            "  what to do  run `alembic upgrade heads`\n");
}

TEST(ReportText, AFailureNamesItsCauseAndWhatToTry) {
  EXPECT_EQ(to_text(failed(), false),
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
  EXPECT_NE(to_text(report, false).find("  oldest      20251230_1900 was committed"),
            std::string::npos);
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

}  // namespace
}  // namespace drift::report
