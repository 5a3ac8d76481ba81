#include "drift/report/alert_payload.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drift::report {
namespace {

using Json = nlohmann::json;

Report behind() {
  Report report;
  report.timestamp = TimePoint{std::chrono::seconds{1'795'143'600}};
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.status = verdict::Status::kUnknownRevision;
  for (int i = 1; i <= 7; ++i) {
    report.findings.push_back({"unknown_revision",
                               verdict::Severity::kCritical,
                               "f",
                               "row <x" + std::to_string(i) + "> & more",
                               "look *there*",
                               {}});
  }
  report.alert = AlertDecision{true, AlertKind::kDriftChanged, "it changed", {"new: x"}, {}, {}};
  return report;
}

TEST(SlackMessage, HoldsFiveFindingsAndALink) {
  const Json message = Json::parse(slack_message(behind(), "s3://reports/drift/a b.json"));
  EXPECT_EQ(message["text"],
            "[schema-drift] orders: UNKNOWN_REVISION, changed: production has a revision that this "
            "ref does no...");
  ASSERT_EQ(message["blocks"].size(), 9u);
  EXPECT_EQ(message["blocks"][0]["type"], "header");
  EXPECT_EQ(message["blocks"][5]["text"]["text"], "• row &lt;x5&gt; &amp; more\n   look *there*\n");
  EXPECT_EQ(message["blocks"][6]["text"]["text"], "and 2 more findings");
  EXPECT_EQ(message["blocks"][7]["text"]["text"], "why now: it changed\n• new: x");
  EXPECT_EQ(
      message["blocks"][8]["elements"][0]["text"],
      "report: <https://s3.console.aws.amazon.com/s3/object/reports?prefix=drift%2Fa%20b.json|"
      "s3://reports/drift/a b.json> · run 0123456789abcdef");
}

TEST(SlackMessage, NamesTheReportsHashWhereItIsStored) {
  Report report = behind();
  report.sequence = 41;
  report.stored_sha256 = std::string(64, 'a');
  const Json message = Json::parse(slack_message(report, "/reports/a.json"));
  EXPECT_EQ(message["blocks"].back()["elements"][0]["text"],
            "report: /reports/a.json · run 0123456789abcdef · evidence: report 41, sha256 " +
                std::string(64, 'a'));
}

TEST(SlackMessage, StaysWithinTheLimitsOfItsBlocks) {
  Report report = behind();
  report.target = std::string(100, 't');
  for (auto& finding : report.findings) {
    finding.message = std::string(1u << 20, '&');
    finding.action = std::string(5'000, '\xe2');
  }
  report.failure = Failure{"production", "timed_out", std::string(10'240, '<'), "look there"};
  report.alert->reason = std::string(5'000, '>');
  report.alert->changes.assign(1'000, std::string(1'000, '&'));
  for (const std::string& place :
       {std::string("s3://reports/") + std::string(5'000, '&'), "NOT STORED: " + report.target}) {
    const Json message = Json::parse(slack_message(report, place));
    EXPECT_LE(message["blocks"][0]["text"]["text"].get<std::string>().size(), 150u);
    EXPECT_LE(message["blocks"].size(), 50u);
    for (const Json& block : message["blocks"]) {
      if (block["type"] != "section") continue;
      EXPECT_LE(block["text"]["text"].get<std::string>().size(), 3'000u);
    }
    // The cut is never inside of what stands for one character.
    const std::string first = message["blocks"][1]["text"]["text"];
    EXPECT_NE(first.find("&lt;...\n   look there\n"), std::string::npos);
  }
}

TEST(SlackMessage, OfAFailureTellsWhatToTry) {
  Report report = behind();
  report.status = verdict::Status::kError;
  report.findings.clear();
  report.alert.reset();
  report.failure = Failure{"production", "timed_out", "no answer", "look at the network"};
  const Json message = Json::parse(slack_message(report, "none was kept (no --reports)"));
  EXPECT_EQ(message["blocks"][1]["text"]["text"], "• no answer\n   look at the network\n");
  EXPECT_EQ(message["blocks"][2]["elements"][0]["text"],
            "report: none was kept (no --reports) · run 0123456789abcdef");
}

TEST(WebhookPayload, HoldsTheReport) {
  const Report report = behind();
  const Json payload = Json::parse(webhook_payload(report, "/reports/x.json"));
  EXPECT_EQ(payload["event"], "schema_drift.alert");
  EXPECT_EQ(payload["subject"], subject(report));
  EXPECT_EQ(payload["report_location"], "/reports/x.json");
  EXPECT_EQ(payload["report"], Json::parse(to_json(report)));
}

TEST(WebhookPayload, NamesTheReportsHashWhereItIsStored) {
  Report report = behind();
  EXPECT_TRUE(Json::parse(webhook_payload(report, "none was kept"))["evidence"].is_null());
  report.stored_sha256 = std::string(64, 'a');
  EXPECT_EQ(Json::parse(webhook_payload(report, "/reports/a.json"))["evidence"],
            (Json{{"sequence", nullptr}, {"sha256", report.stored_sha256}}));
  report.sequence = 41;
  EXPECT_EQ(Json::parse(webhook_payload(report, "/reports/a.json"))["evidence"]["sequence"], 41);
}

}  // namespace
}  // namespace drift::report
