#include "drift/report/summary_mail.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace drift::report {
namespace {

const TimePoint kNow = *parse_rfc3339("2026-11-23T06:00:00Z");

TargetHistory target(const std::string& name, const std::string& status, TimePoint last) {
  TargetHistory history;
  history.target = name;
  StoredReport report;
  report.target = name;
  report.status = status;
  report.timestamp = last;
  history.reports.push_back(past_run(report, "s3://b/" + name));
  history.latest = std::move(report);
  return history;
}

TEST(SummaryMail, CountsTheLastReportsAndWhoIsSilent) {
  const TimePoint tonight = *parse_rfc3339("2026-11-23T03:00:00Z");
  const Period period{kNow - std::chrono::days{7}, kNow};
  const SummaryMail mail =
      summary_mail({target("a", "synced", tonight), target("b", "behind", tonight),
                    target("c", "synced", tonight - std::chrono::days{3})},
                   period, "s3://b/summary/2026-11-23.html", "0123456789abcdef");
  EXPECT_EQ(mail.subject,
            "[schema-drift] weekly summary of 3 targets: 1 silent, 1 behind, 1 synced");
  EXPECT_TRUE(mail.text.ends_with("\n  page        s3://b/summary/2026-11-23.html\n"));
  EXPECT_EQ(summary_mail({}, period, "", "0").subject,
            "[schema-drift] weekly summary of 0 targets");
}

TEST(SummaryMail, OfAFleetFitsIntoAMessage) {
  std::vector<TargetHistory> all;
  for (int i = 0; i < 5'000; ++i) {
    all.push_back(target(fmt::format("{:0>90}", i), i % 2 == 0 ? "behind" : "unknown_revision",
                         kNow - std::chrono::hours{3}));
  }
  const SummaryMail mail = summary_mail(all, {kNow - std::chrono::days{7}, kNow}, "page", "0");
  EXPECT_LT(mail.text.size(), 200U << 10U);
  EXPECT_NE(mail.text.find(" more lines\n"), std::string::npos);
  EXPECT_TRUE(mail.text.ends_with("page\n"));
  EXPECT_LE(mail.subject.size(), 100U);
}

}  // namespace
}  // namespace drift::report
