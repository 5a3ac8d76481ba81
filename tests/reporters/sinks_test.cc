#include <gtest/gtest.h>

#include "reporters/alert_sink.h"
#include "reporters/report_sink.h"
#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

// A sink is made before anything is read, so making one must never need AWS.
aws::Session& no_session() { throw Error{Fault::kInternal, "a session was asked for"}; }

TEST(ReportSink, TakesAFolderAFileUrlOrABucket) {
  for (const char* url : {"reports", "file:///var/lib/schema-drift", "s3://bucket/prefix",
                          "s3://bucket", "s3://my.bucket-1/a/b/"}) {
    EXPECT_NE(make_report_sink(url, {}, no_session), nullptr) << url;
  }
}

TEST(ReportSink, RefusesASchemeThatIsNotThere) {
  expect_error(thrown_by([] {
                 make_report_sink("ftp://user:canary@host.example.com/reports", {}, no_session);
               }),
               Fault::kUsage, "cannot keep reports at ftp://user:***@host.example.com/reports",
               "give a folder, file:///absolute/path or s3://bucket/prefix to --reports");
}

TEST(ReportSink, RefusesWhatCanBeNoBucket) {
  for (const char* name : {"", "ab", "Upper", "under_score", "sp ace"}) {
    expect_error(
        thrown_by([&] { make_report_sink("s3://" + std::string(name) + "/x", {}, no_session); }),
        Fault::kUsage, "\"" + std::string(name) + "\" cannot name an S3 bucket",
        "give s3://bucket/prefix to --reports");
  }
}

TEST(ReportSink, RefusesAFileUrlOfAnotherHost) {
  EXPECT_THROW(make_report_sink("file://host/reports", {}, no_session), Error);
  EXPECT_THROW(make_report_sink("", {}, no_session), Error);
}

TEST(AlertSink, KnowsTheTerminalAndTopics) {
  EXPECT_EQ(make_alert_sink("terminal", {}, no_session)->name(), "terminal");
  const std::string topic = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:drift.fifo";
  EXPECT_EQ(make_alert_sink(topic, {}, no_session)->name(), topic);
}

TEST(AlertSink, RefusesTheRest) {
  for (const char* url : {"pigeon", "arn:aws:sqs:eu-central-1:123456789012:sns",
                          "arn:aws:sns:eu-central-1:123456789012"}) {
    expect_error(thrown_by([&] { make_alert_sink(url, {}, no_session); }), Fault::kUsage,
                 "cannot send alerts to " + std::string(url),
                 "give terminal, the ARN of an SNS topic, slack, slack:ARN of the secret that "
                 "holds its URL, or webhook:https://host/path to --alerts");
  }
}

}  // namespace
}  // namespace drift::reporters
