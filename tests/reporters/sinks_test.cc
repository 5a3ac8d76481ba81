#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "reporters/alert_sink.h"
#include "reporters/report_sink.h"

namespace drift::reporters {
namespace {

TEST(ReportSink, TakesAFolderOrAFileUrl) {
  EXPECT_NE(make_report_sink("reports"), nullptr);
  EXPECT_NE(make_report_sink("file:///var/lib/schema-drift"), nullptr);
}

TEST(ReportSink, RefusesASchemeThatIsNotThere) {
  try {
    make_report_sink("ftp://user:canary@host.example.com/reports");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault, Fault::kUsage);
    EXPECT_STREQ(error.what(), "cannot keep reports at ftp://user:***@host.example.com/reports");
    EXPECT_EQ(error.hint, "give a folder or file:///absolute/path to --reports");
  }
}

TEST(ReportSink, RefusesAFileUrlOfAnotherHost) {
  EXPECT_THROW(make_report_sink("file://host/reports"), Error);
  EXPECT_THROW(make_report_sink(""), Error);
}

TEST(AlertSink, KnowsTheTerminalAndRefusesTheRest) {
  EXPECT_EQ(make_alert_sink("terminal")->name(), "terminal");
  try {
    make_alert_sink("pigeon");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "cannot send alerts to pigeon");
    EXPECT_EQ(error.hint, "give \"terminal\" to --alerts");
  }
}

}  // namespace
}  // namespace drift::reporters
