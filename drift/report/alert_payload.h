// Alerts for programs: what is posted to a chat and to a webhook.
#pragma once

#include <string>

#include "drift/report/report.h"

namespace drift::report {

// The body for a Slack incoming webhook: a headline, five findings at most with what to do, why
// now, and where the report lies (a link where it is in S3). Cut to what Slack takes.
// https://api.slack.com/messaging/webhooks, https://api.slack.com/reference/block-kit/blocks
std::string slack_message(const Report& report, const std::string& report_location);

// {"event": "schema_drift.alert", "subject", "report_location", "report": {...}}: the report as it
// is stored.
std::string webhook_payload(const Report& report, const std::string& report_location);

// Where a person opens the object of "s3://bucket/key" in a browser; "" for any other place.
std::string console_link(const std::string& report_location);

}  // namespace drift::report
