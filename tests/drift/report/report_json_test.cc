#include "drift/report/report_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/drift/report/example_report.h"

namespace drift::report {
namespace {

TEST(ReportJson, KeepsTheFiveFieldsOfTheNightlyJob) {
  const auto json = nlohmann::json::parse(to_json(behind()));
  EXPECT_EQ(json["timestamp"], "2026-11-20T03:00:00Z");
  EXPECT_EQ(json["codebase_head"], "b2");
  EXPECT_EQ(json["production_version"], "a1");
  EXPECT_EQ(json["drift_detected"], true);
  EXPECT_EQ(json["status"], "behind");
}

TEST(ReportJson, SaysWhatReadingARemoteTook) {
  Report report = behind();
  const auto fetch = [&] { return nlohmann::json::parse(to_json(report))["repository"]["fetch"]; };
  EXPECT_EQ(fetch(), (nlohmann::json{{"how", "filtered"}, {"bytes", 21504}, {"round_trips", 5}}));
  report.repository.fetch->round_trips.reset();
  EXPECT_TRUE(fetch()["round_trips"].is_null());
  report.repository.fetch.reset();
  EXPECT_TRUE(fetch().is_null());
}

TEST(ReportJson, AnErrorIsNeitherDriftNorNoDrift) {
  const auto json = nlohmann::json::parse(to_json(unread()));
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

}  // namespace
}  // namespace drift::report
