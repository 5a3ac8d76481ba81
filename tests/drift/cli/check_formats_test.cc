#include "drift/cli/check_formats.h"

#include <gtest/gtest.h>

#include "tests/drift/report/example_report.h"
#include "tests/thrown_by.h"

namespace drift::cli {
namespace {

using report::Level;
using report::Output;

Output of(const report::Report& report, bool fails) {
  CheckedTargets targets;
  targets.add(report, fails);
  return targets.output();
}

TEST(CheckFormats, PendingRevisionsPointAtTheFirstFile) {
  const Output output = of(report::behind(), true);
  ASSERT_EQ(output.findings.size(), 1u);
  const report::OutputFinding& finding = output.findings.front();
  EXPECT_EQ(finding.rule, "pending-revisions");
  EXPECT_EQ(finding.level, Level::kError);
  EXPECT_EQ(finding.message, "orders: 1 revision is not applied: 'b2'");
  EXPECT_EQ(finding.name, "orders");
  EXPECT_EQ(finding.file, "migrations/versions/x.py");
  EXPECT_EQ(finding.line, 1);
  const std::vector<std::pair<std::string, std::string>> details = {
      {"pending", "b2 add an index"}, {"what to do", "apply with `alembic upgrade heads`"}};
  EXPECT_EQ(finding.details, details);
  EXPECT_EQ(output.verdict, "orders is behind: 1 revision is pending");
  ASSERT_EQ(output.rules.size(), 1u);
  EXPECT_EQ(output.rules.front().title, "pending revisions");
}

TEST(CheckFormats, WhatAGateLetsThroughIsAWarning) {
  EXPECT_EQ(of(report::behind(), false).findings.front().level, Level::kWarning);
}

TEST(CheckFormats, WhatFailsIsAnErrorThoughItsFindingIsANote) {
  report::Report report = report::behind();
  report.findings.front().severity = verdict::Severity::kInfo;
  EXPECT_EQ(of(report, true).findings.front().level, Level::kError);
  EXPECT_EQ(of(report, false).findings.front().level, Level::kNote);
}

TEST(CheckFormats, ASideThatCouldNotBeReadIsACheckThatWasNotMade) {
  const Output output = of(report::unread(), true);
  EXPECT_TRUE(output.findings.empty());
  ASSERT_EQ(output.checks.size(), 1u);
  EXPECT_EQ(output.checks.front().why_not,
            "cannot connect to orders on db.example.com:5432: connection refused; "
            "is the database up?");
  EXPECT_TRUE(output.checks.front().counts);
}

TEST(CheckFormats, AnAlertThatWasNotDeliveredIsACheckThatWasNotMade) {
  report::Report report = report::behind();
  report.status = verdict::Status::kSynced;
  report.findings.clear();
  report.pending.clear();
  report.undelivered = {"the alert was not sent"};
  const Output output = of(report, true);
  EXPECT_TRUE(output.findings.empty());
  ASSERT_EQ(output.checks.size(), 2u);
  EXPECT_EQ(output.checks.front().why_not, "");
  EXPECT_EQ(output.checks.back().why_not, "the alert was not sent");
}

TEST(CheckFormats, TheSameFindingOfTwoTargetsIsTwo) {
  CheckedTargets targets;
  report::Report report = report::behind();
  targets.add(report, true);
  report.target = "shop";
  targets.add(report, true);
  const Output output = targets.output();
  ASSERT_EQ(output.findings.size(), 2u);
  EXPECT_NE(output.findings[0].fingerprint, output.findings[1].fingerprint);
  EXPECT_EQ(output.rules.size(), 1u);
  EXPECT_EQ(output.verdict,
            "orders is behind: 1 revision is pending; shop is behind: 1 revision is pending");
}

TEST(CheckFormats, OfManyPendingRevisionsTwentyAreNamed) {
  report::Report report = report::behind();
  report.pending.clear();
  report.findings.front().subjects.clear();
  for (int i = 0; i < 23; ++i) {
    const std::string id = "r" + std::to_string(i);
    report.pending.push_back({id, "x", id + ".py", {}, {}});
    report.findings.front().subjects.push_back(id);
  }
  const auto details = of(report, true).findings.front().details;
  ASSERT_EQ(details.size(), 22u);
  EXPECT_EQ(details[19].second, "r19 x");
  EXPECT_EQ(details[20].second, "and 3 more");
}

TEST(CheckFormats, AnUnknownFormatIsAWrongCall) {
  config::Options options;
  options.format = "yaml";
  EXPECT_EQ(thrown_by([&] { check_format(options); }).hint,
            "give text, json, jsonl, markdown, sarif, junit or github");
  options.format = "jsonl";
  EXPECT_EQ(check_format(options), Format::kJsonLines);
  options.format.reset();
  EXPECT_EQ(check_format(options), Format::kText);
}

}  // namespace
}  // namespace drift::cli
