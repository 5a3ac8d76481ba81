// An alert as it is posted to a chat and to a webhook, and as a mail.
#pragma once

#include <string>
#include <vector>

#include "drift/report/fleet_alert.h"
#include "drift/report/report.h"
#include "drift/report/summary_mail.h"

namespace drift::report {

// The body for a Slack incoming webhook: a headline, five findings at most with what to do, why
// now, and where the report lies (a link where it is in S3). Cut to what Slack takes.
// https://api.slack.com/messaging/webhooks, https://api.slack.com/reference/block-kit/blocks
std::string slack_message(const Report& report, const std::string& report_location);

// {"event": "schema_drift.alert", "subject", "report_location", "report": {...}}: the report as it
// is stored.
std::string webhook_payload(const Report& report, const std::string& report_location);

struct MailEnvelope {
  std::vector<std::string> to;  // addresses of ASCII without blanks
  std::string host;             // of this machine, for Message-ID
  TimePoint now;
};

// Headers of RFC 5322 and a body of MIME. Lines end in "\n", as sendmail takes them. From is left
// to sendmail, which knows the machine's mail name. No text of a report can add a header or a line
// to them, and no line has more than 998 characters.
std::string mail_message(const Report& report, const std::string& report_location,
                         const MailEnvelope& envelope);

// The same of many targets.
std::string slack_message(const FleetAlert& alert);
// {"event": "schema_drift.fleet_alert", "subject", "run_id", "timestamp", "reports", "targets",
// "statuses": {STATUS: COUNT}, "causes": [{"status", "kind", "message", "action", "count",
// "targets": [the first ten]}]}
std::string webhook_payload(const FleetAlert& alert);
std::string mail_message(const FleetAlert& alert, const MailEnvelope& envelope);
std::string mail_message(const SummaryMail& summary, const MailEnvelope& envelope);

}  // namespace drift::report
