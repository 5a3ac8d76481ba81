#include "drift/report/tenants.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

using verdict::Status;

Report of(std::vector<TenantRow> rows) {
  Report report;
  report.status = Status::kSynced;
  report.tenants = std::move(rows);
  return report;
}

TenantRow synced(const std::string& name) {
  TenantRow row;
  row.name = name;
  row.status = Status::kSynced;
  return row;
}

constexpr const char* kPrevious =
    R"({"tenants": [{"name": "a", "reason": null}, {"name": "b \"c\"", "reason": null},
                    {"name": "long gone", "reason": "gone"}]})";

TEST(Tenants, OneOfTheReportBeforeThatIsNotThereAnyMoreIsAFindingOnce) {
  Report report = of({synced("a"), synced("z")});
  compare_tenants_with(report, kPrevious);
  EXPECT_EQ(report.status, Status::kUnversioned);
  EXPECT_EQ(report.reason, "tenants_gone");
  ASSERT_EQ(report.tenants->size(), 3u);
  EXPECT_EQ((*report.tenants)[1].name, "b \"c\"");
  EXPECT_EQ((*report.tenants)[1].reason, "gone");
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].message, R"(1 tenant of the last report is gone: "b ""c""")");

  Report next = of({synced("a"), synced("z")});
  compare_tenants_with(next, to_json(report));
  EXPECT_EQ(next.status, Status::kSynced);
  EXPECT_TRUE(next.findings.empty());
}

TEST(Tenants, AWorseVerdictStays) {
  Report report = of({});
  report.status = Status::kError;
  compare_tenants_with(report, kPrevious);
  EXPECT_EQ(report.status, Status::kError);
  EXPECT_EQ(report.findings.size(), 1u);
}

TEST(Tenants, AReportThatCouldNotReadThemKeepsTheirNames) {
  Report report;
  compare_tenants_with(report, kPrevious);
  ASSERT_TRUE(report.tenants.has_value());
  ASSERT_EQ(report.tenants->size(), 2u);
  EXPECT_EQ(report.tenants->front().status, Status::kError);
}

TEST(Tenants, WhatIsNoReportIsPassedOver) {
  for (const char* text :
       {"", "[]", "{}", R"({"tenants": 1})", R"({"tenants": [1, {"name": 2}]})"}) {
    Report report = of({synced("a")});
    compare_tenants_with(report, text);
    EXPECT_EQ(report.status, Status::kSynced) << text;
  }
}

TEST(Tenants, AreCountedByVerdictAndNamedButForTheSynced) {
  std::vector<TenantRow> rows = {synced("a"), synced("b")};
  for (int i = 0; i < 12; ++i) {
    rows.push_back(synced("late-" + std::to_string(10 + i)));
    rows.back().status = Status::kBehind;
  }
  EXPECT_EQ(
      tenants_in_short(rows),
      "14 tenants: 2 synced, 12 behind (late-10, late-11, late-12, late-13, late-14, late-15, "
      "late-16, late-17, late-18, late-19 and 2 more)");
}

}  // namespace
}  // namespace drift::report
