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

Report failed(const std::string& message) {
  Report report;
  report.timestamp = TimePoint{std::chrono::seconds{1'795'143'600}};
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.repository.url = "/srv/orders.git";
  report.failure = Failure{"production", "timed_out", message, "look at the network"};
  return report;
}

const MailEnvelope kEnvelope{{"ops@example.com", "dba@example.com"},
                             "db1.example.com",
                             TimePoint{std::chrono::seconds{1'795'143'661}}};

std::string header(const std::string& mail) { return mail.substr(0, mail.find("\n\n") + 1); }

TEST(MailMessage, IsAMailThatAnyServerTakes) {
  EXPECT_EQ(mail_message(failed("no answer = nothing"), "/srv/reports/x.json", kEnvelope),
            "To: ops@example.com,\n"
            " dba@example.com\n"
            "Subject: [schema-drift] orders: ERROR: cannot tell: no answer = nothing\n"
            "Date: Fri, 20 Nov 2026 03:01:01 +0000\n"
            "Message-ID: <0123456789abcdef.1c168adb@db1.example.com>\n"
            "Auto-Submitted: auto-generated\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: quoted-printable\n"
            "\n"
            "[schema-drift] orders: ERROR: cannot tell: no answer =3D nothing\n"
            "  failure     no answer =3D nothing\n"
            "  kind        timed_out, of production\n"
            "  what to do  look at the network\n"
            "  report      /srv/reports/x.json\n"
            "  run         0123456789abcdef at 2026-11-20T03:00:00Z\n"
            "\n"
            "  repository  /srv/orders.git at HEAD\n");
}

TEST(MailMessage, NoTextAddsAHeader) {
  const std::string plain = header(mail_message(failed("x"), "y", kEnvelope));
  for (const char* hostile : {"x\r\nBcc: all@example.com\r\n\r\nbody", "x\nBcc: all@example.com"}) {
    Report report = failed(hostile);
    report.target = hostile;
    const std::string found = header(mail_message(report, hostile, kEnvelope));
    EXPECT_EQ(std::count(found.begin(), found.end(), '\n'),
              std::count(plain.begin(), plain.end(), '\n'));
    EXPECT_EQ(found.find("\nBcc"), std::string::npos);
  }
}

TEST(MailMessage, ASubjectOfOtherLettersIsEncodedWordByWord) {
  std::string message;
  for (int i = 0; i < 60; ++i) message += "\xc3\xa4";
  const std::string found = header(mail_message(failed(message), "x", kEnvelope));
  EXPECT_NE(found.find("\nSubject: =?UTF-8?B?W3NjaGVtYS1kcmlmdF0gb3JkZXJzOiBFUlJPUjogY2Fubm90IHRl"
                       "bGw6IMOk?=\n =?UTF-8?B?"),
            std::string::npos)
      << found;
  // A server's words that only look encoded are not decoded by who reads them.
  EXPECT_NE(header(mail_message(failed("=?utf-8?Q?synced?="), "x", kEnvelope)).find("=?UTF-8?B?"),
            std::string::npos);
}

TEST(MailMessage, NoLineIsTooLong) {
  Report report = failed(std::string(10'240, 'm') + std::string(1'000, '\xff'));
  report.warnings = {"From the beginning ", "ends in a blank "};
  const std::string mail = mail_message(report, std::string(2'000, 'p'), kEnvelope);
  std::size_t begin = mail.find("\n\n") + 2;
  for (std::size_t end; (end = mail.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end - begin, 76u);
    EXPECT_NE(mail[end - 1], ' ');
    EXPECT_NE(mail.substr(begin, 5), "From ");
  }
}

}  // namespace
}  // namespace drift::report
