#include "reporters/alert_sink.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

// A sink is made before anything is read, so making one must never need AWS.
aws::Session& no_session() { throw Error{Fault::kInternal, "a session was asked for"}; }

TEST(AlertSink, KnowsTheTerminalAndTopics) {
  EXPECT_EQ(make_alert_sink("terminal", {}, no_session)->name(), "terminal");
  const std::string topic = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:drift.fifo";
  EXPECT_EQ(make_alert_sink(topic, {}, no_session)->name(), topic);
}

TEST(AlertSink, RefusesTheRest) {
  expect_error(thrown_by([] { make_alert_sink("pigeon", {}, no_session); }), Fault::kUsage,
               "cannot send alerts to pigeon",
               "give terminal, mailto:ADDRESS, the ARN of an SNS topic, slack, slack:ARN of the "
               "secret that holds its URL, or webhook:https://host/path to --alerts");
}

TEST(AlertSink, SaysWhatIsWrongWithAnArn) {
  const auto refused = [](const AlertOptions& options, const std::string& url) {
    const Error error = thrown_by([&] { make_alert_sink(url, options, no_session); });
    EXPECT_EQ(error.fault, Fault::kUsage);
    return std::string(error.what());
  };
  EXPECT_EQ(
      refused({}, "arn:aws:sqs:eu-central-1:123456789012:sns"),
      "invalid ARN of an SNS topic \"arn:aws:sqs:eu-central-1:123456789012:sns\": its service "
      "is \"sqs\", not sns");
  EXPECT_EQ(refused({}, "arn:aws:sns:eu-central-1:123456789012"),
            "invalid ARN of an SNS topic \"arn:aws:sns:eu-central-1:123456789012\": not an ARN");
  EXPECT_EQ(refused({}, "slack:arn:aws:secretsmanager::1:secret:x"),
            "invalid ARN of a Secrets Manager secret \"arn:aws:secretsmanager::1:secret:x\": no "
            "region");
  AlertOptions options;
  options.webhook_secret = options.slack_url = "arn:aws:secretsmanager:eu-central-1";
  for (const char* url : {"slack", "webhook:https://example.com/x"}) {
    EXPECT_EQ(
        refused(options, url),
        "invalid ARN of a Secrets Manager secret \"arn:aws:secretsmanager:eu-central-1\": not "
        "an ARN");
  }
}

TEST(MailSink, IsShownWithoutItsAddresses) {
  const auto name = [](const std::string& url) {
    const std::string shown = make_alert_sink(url, {}, no_session)->name();
    EXPECT_EQ(shown_alert_url(url), shown);
    return shown;
  };
  EXPECT_EQ(name("mailto:ops@example.com"), "mailto:o***@example.com (af3c8254)");
  // Two that are masked alike are two destinations.
  EXPECT_NE(name("mailto:oncall@example.com"), name("mailto:ops@example.com"));
  EXPECT_TRUE(name("mailto:root").starts_with("mailto:r*** ("));
  EXPECT_TRUE(name("mailto:a%2Bb@example.com,dba@example.com,c@example.com,d@example.com")
                  .starts_with("mailto:a***@example.com,d***@example.com,c***@example.com and 1 "
                               "more ("));
}

TEST(MailSink, RefusesWhatAMailServerTakesForSomethingElse) {
  for (const char* address :
       {"", "|/bin/sh", "/etc/passwd", ":include:/etc/passwd", "-oQ/tmp", "-t", "a b@example.com",
        "a@b!c", "a%25b@example.com", "a@", "@example.com", "a@-x", "a@b@c",
        "a@example.com%0ABcc:x", "<a@example.com>", "a@example.com?subject=x", "a@[127.0.0.1]",
        "\"a\"@example.com"}) {
    const Error error =
        thrown_by([&] { make_alert_sink("mailto:" + std::string(address), {}, no_session); });
    EXPECT_EQ(error.fault, Fault::kUsage) << address;
    EXPECT_TRUE(std::string(error.what()).ends_with("\": not an address")) << error.what();
    EXPECT_EQ(
        error.hint,
        "write mailto:NAME@HOST, several with commas between them; a NAME has letters, digits "
        "and . _ + - = ' alone");
  }
  EXPECT_THROW(make_alert_sink("mailto:a@example.com,", {}, no_session), Error);
  expect_error(thrown_by([] {
                 std::string url = "mailto:root";
                 for (int i = 0; i < 50; ++i) url += ",root";
                 make_alert_sink(url, {}, no_session);
               }),
               Fault::kUsage, "cannot send mail to 51 addresses at once: 50 are the most",
               "let a mailing list or an alias of the mail server hold them");
}

}  // namespace
}  // namespace drift::reporters
