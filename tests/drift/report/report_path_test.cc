#include "drift/report/report_path.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

const TimePoint kRunTime{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

TEST(FileName, HoldsTargetTimeAndRun) {
  const ReportName name{"orders", kRunTime, "0123456789abcdef", ""};
  EXPECT_EQ(file_name(name), "orders-20261120T030000Z-0123456789abcdef.json");
  EXPECT_EQ(dated_path(name), "2026/11/20/orders-20261120T030000Z-0123456789abcdef.json");
}

TEST(FileName, IsReadBack) {
  for (const char* text : {"orders-20261120T030000Z-0123456789abcdef.json",
                           "a-b.c-20240229T235959Z-0123456789abcdef.json",
                           "orders-20261120T030000Z-0123456789abcdef-spooled.json",
                           "orders-20261120T030000Z-0123456789abcdef-undelivered.json"}) {
    const auto name = parse_file_name(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(file_name(*name), text);
  }
}

TEST(FileName, OfAnythingElseIsNone) {
  for (const char* text :
       {"", ".json", "orders.json", "-20261120T030000Z-0123456789abcdef.json",
        "orders-20261120T030000Z-0123456789abcdeg.json", "orders-20261320T030000Z-0123456789abcdef",
        "orders-20260230T030000Z-0123456789abcdef.json",
        "orders-20261120T240000Z-0123456789abcdef.json",
        ".orders-20261120T030000Z-0123456789abcdef.json.tmp"}) {
    EXPECT_FALSE(parse_file_name(text)) << text;
  }
}

TEST(ReportPath, OnlyNumbersArePartsOfADate) {
  for (const char* folder : {"2026", "2026/11", "2026/11/20"}) {
    EXPECT_TRUE(is_part_of_date(folder)) << folder;
  }
  for (const char* folder : {"", "latest", "202", "2026/1", "2026/x1", "2026/11/020"}) {
    EXPECT_FALSE(is_part_of_date(folder)) << folder;
  }
}

// The policies in cron/ grant by these.
TEST(ReportPath, MemoriesAndAcknowledgementsAreBesideTheReports) {
  EXPECT_EQ(latest_path("orders"), "latest/orders.json");
  EXPECT_EQ(seen_path("orders", "k"), "latest/seen/orders/k.json");
  EXPECT_EQ(told_path("orders", "k"), "latest/told/orders/k.json");
  EXPECT_EQ(acknowledgement_path("orders"), "acks/orders.json");
  EXPECT_EQ(write_test_path(kRunTime, "r"), "2026/11/20/doctor.20261120T030000Z.r.json");
}

TEST(ReportPath, ATargetIsReadBackFromItsFile) {
  EXPECT_EQ(target_of("a-b.c.json"), "a-b.c");
  EXPECT_FALSE(target_of(".orders.lock"));
  EXPECT_FALSE(target_of(".0123.json"));
  EXPECT_FALSE(target_of("notes.txt"));
}

TEST(ReportPath, OfAFleetAndASummaryIsNoReportOfATarget) {
  const TimePoint time = *parse_rfc3339("2026-11-21T23:59:59Z");
  EXPECT_EQ(fleet_path(time, "json"), "fleet/2026-11-21.json");
  EXPECT_EQ(fleet_work_path("0123456789abcdef", "batch-7"),
            "fleet/work/0123456789abcdef/batch-7.json");
  EXPECT_EQ(summary_path(time), "summary/2026-11-21.html");
  EXPECT_FALSE(is_part_of_date("fleet"));
  EXPECT_FALSE(is_part_of_date("summary"));
}

}  // namespace
}  // namespace drift::report
