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
            "ref does not h");
  ASSERT_EQ(message["blocks"].size(), 4u);
  EXPECT_EQ(message["blocks"][0]["type"], "header");
  EXPECT_EQ(message["blocks"][1]["text"]["text"], "why now: it changed\n• new: x");
  const std::string findings = message["blocks"][2]["text"]["text"];
  EXPECT_NE(findings.find("• row &lt;x5&gt; &amp; more\n   look *there*\nand 2 more findings\n"),
            std::string::npos);
  EXPECT_EQ(findings.find("x6"), std::string::npos);
  EXPECT_EQ(
      message["blocks"][3]["elements"][0]["text"],
      "report: <https://s3.console.aws.amazon.com/s3/object/reports?prefix=drift%2Fa%20b.json|"
      "s3://reports/drift/a b.json> · run 0123456789abcdef");
}

TEST(SlackMessage, StaysWithinTheLimitsOfItsBlocks) {
  Report report = behind();
  report.target = std::string(100, 't');
  for (auto& finding : report.findings) {
    finding.message = std::string(5'000, 'm');
    finding.action = std::string(5'000, '\xe2');
  }
  const Json message = Json::parse(slack_message(report, "/var/lib/reports/x.json"));
  EXPECT_LE(message["blocks"][0]["text"]["text"].get<std::string>().size(), 150u);
  for (const Json& block : message["blocks"]) {
    if (block["type"] != "section") continue;
    EXPECT_LE(block["text"]["text"].get<std::string>().size(), 6'000u);
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

}  // namespace
}  // namespace drift::report
