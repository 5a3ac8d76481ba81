#include "drift/report/fleet_alert.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "drift/report/alert_payload.h"

namespace drift::report {
namespace {

using verdict::Status;

Report failed(const std::string& target, const char* stage, const char* kind,
              const std::string& message) {
  Report report;
  report.target = target;
  report.failure = Failure{stage, kind, message, "mend it"};
  return report;
}

Report behind(const std::string& target, const std::string& fingerprint) {
  Report report;
  report.target = target;
  report.status = Status::kBehind;
  report.pending.resize(1);
  report.findings = {{"pending_revisions",
                      verdict::Severity::kWarning,
                      fingerprint,
                      "1 revision is pending",
                      "alembic upgrade c3\nthen look",
                      {"c3"}}};
  return report;
}

DestinationDecision of(AlertKind kind) {
  DestinationDecision decision;
  decision.kind = kind;
  return decision;
}

TargetNews news(const Report& report, AlertKind kind = AlertKind::kFirstDrift) {
  return news_of(report, of(kind));
}

FleetAlert night() {
  FleetAlert alert;
  alert.run_id = "0123456789abcdef";
  alert.targets = 1200;
  alert.statuses = {{Status::kSynced, 1183}, {Status::kBehind, 3}, {Status::kError, 14}};
  alert.reports = "s3://reports/drift";
  std::vector<TargetNews> all;
  for (int i = 0; i < 12; ++i) {
    all.push_back(news(
        failed("shop-" + std::to_string(10 + i), "repository", "ref_not_found", "there is no main"),
        AlertKind::kCannotTell));
  }
  all.push_back(news(failed("b", "production", "connection_failed", "cannot connect to b"),
                     AlertKind::kCannotTell));
  all.push_back(news(failed("a", "production", "connection_failed", "cannot connect to a"),
                     AlertKind::kCannotTell));
  all.push_back(news(behind("users", "f1")));
  all.push_back(news(behind("orders", "f1")));
  all.push_back(news(behind("old", "f2"), AlertKind::kDriftReminder));
  group(alert, std::move(all));
  return alert;
}

TEST(FleetAlert, OneLineForEachCauseTheWorstAndMostFrequentFirst) {
  EXPECT_EQ(alert_text(night()),
            "[schema-drift] 17 of 1,200 targets: 14 ERROR, 3 BEHIND\n"
            "  error       12 targets: cannot tell: there is no main\n"
            "              shop-10, shop-11, shop-12, shop-13, shop-14, shop-15, shop-16, shop-17, "
            "shop-18, shop-19 and 2 more\n"
            "  what to do  mend it\n"
            "  error       2 targets: cannot tell: cannot connect to a (and others of the kind)\n"
            "              a, b\n"
            "  what to do  mend it\n"
            "  behind      2 targets: 1 revision is pending\n"
            "              orders, users\n"
            "  what to do  alembic upgrade c3\n"
            "  behind      1 target, still: 1 revision is pending\n"
            "              old\n"
            "  what to do  alembic upgrade c3\n"
            "  all         1,200 targets: 1,183 synced, 3 behind, 14 error\n"
            "  reports     s3://reports/drift\n"
            "  run         0123456789abcdef at 1970-01-01T00:00:00Z\n");
  EXPECT_EQ(status(night()), Status::kError);
  EXPECT_EQ(severity(night()), verdict::Severity::kCritical);
}

TEST(FleetAlert, TheFallbackSaysWhyItCameThere) {
  FleetAlert alert = night();
  alert.why_here = "no answer; so this came to the fallback";
  EXPECT_NE(alert_text(alert).find("  why here    no answer; so this came to the fallback\n"),
            std::string::npos);
}

TEST(FleetAlert, ThousandsOfCausesStayOneShortMessage) {
  FleetAlert alert;
  std::vector<TargetNews> all;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "target-" + std::to_string(i);
    all.push_back(news(failed(name, "repository", "ref_not_found", name + std::string(5000, 'x'))));
  }
  alert.targets = 3000;
  group(alert, std::move(all));
  const std::string text = alert_text(alert);
  EXPECT_LT(text.size(), 64u * 1024);
  EXPECT_NE(text.find("and 2980 more causes, in the reports"), std::string::npos);
  EXPECT_LE(subject(alert).size(), 100u);
  const auto slack = nlohmann::json::parse(slack_message(alert));
  EXPECT_LE(slack["blocks"].size(), 50u);
  for (const auto& block : slack["blocks"]) {
    if (block["type"] == "section") {
      EXPECT_LE(block["text"]["text"].get<std::string>().size(), 3000u);
    }
  }
}

TEST(FleetAlert, WebhooksGetTheCausesWithTheirCounts) {
  const auto payload = nlohmann::json::parse(webhook_payload(night()));
  EXPECT_EQ(payload["event"], "schema_drift.fleet_alert");
  EXPECT_EQ(payload["targets"], 1200);
  EXPECT_EQ(payload["statuses"]["synced"], 1183);
  EXPECT_EQ(payload["causes"][0]["count"], 12);
  EXPECT_EQ(payload["causes"][0]["targets"].size(), 10u);
  EXPECT_EQ(payload["causes"][0]["message"], "cannot tell: there is no main");
  EXPECT_EQ(payload["causes"][3]["kind"], "drift_reminder");
}

TEST(FleetAlert, CountsLeaveOutWhatThereIsNoneOf) {
  EXPECT_EQ(counted_statuses({{Status::kSynced, 1}}), "1 target: 1 synced");
  EXPECT_EQ(counted_statuses({{Status::kSynced, 0}, {Status::kBehind, 2}}), "2 targets: 2 behind");
  EXPECT_EQ(counted_statuses({}), "0 targets");
}

}  // namespace
}  // namespace drift::report
