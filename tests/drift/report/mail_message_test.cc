#include "drift/report/mail_message.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

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
