// Where alerts go, chosen by URL scheme.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "drift/aws/client.h"

namespace drift {
class Stop;
}
namespace drift::report {
struct FleetAlert;
struct Report;
struct SummaryMail;
}  // namespace drift::report

namespace drift::reporters {

// What sinks need besides their URL. Each secret may be the ARN of a secret in Secrets Manager
// instead of itself.
struct AlertOptions {
  std::string slack_url;       // SCHEMA_DRIFT_SLACK_URL
  std::string webhook_secret;  // SCHEMA_DRIFT_WEBHOOK_SECRET
  bool allow_private = false;  // --allow-private-webhooks
  // The report of a target is printed in full on the very terminal that standard error leads to, so
  // that an alert with the same text would be read twice.
  bool shown_on_terminal = false;
};

class AlertSink {
 public:
  virtual ~AlertSink() = default;

  // `report_location` tells people where the report lies, or why there is none.
  // Throws Error{kAlertNotSent}.
  virtual void send(const report::Report& report, const std::string& report_location,
                    const Stop& stop) = 0;

  // One message on many targets. Throws as above.
  virtual void send(const report::FleetAlert& alert, const Stop& stop) = 0;

  // The weekly summary, where people read this destination as mail; false where they do not, and
  // then nothing was sent. Throws as above.
  virtual bool send_summary(const report::SummaryMail&, const Stop&) { return false; }

  // For people and logs: "terminal", a topic's ARN.
  virtual std::string name() const = 0;

  // What tells this destination from any other where it is kept what each was told; a digest of it
  // is all that is stored. Nothing where each telling may find another reader.
  virtual std::optional<std::string> identity() const { return name(); }
};

// `url`: "terminal" (standard error), "mailto:ADDRESS[,ADDRESS...]", the ARN of an SNS topic,
// "slack", "slack:ARN" (of the secret that holds the incoming webhook's URL) or
// "webhook:https://host/path". Throws Error{kUsage} naming what there is.
std::unique_ptr<AlertSink> make_alert_sink(const std::string& url, const AlertOptions& options,
                                           const aws::SessionSource& session);

// `url` without what may be a secret or a person's: "slack", "webhook hooks.example.com", a topic's
// ARN, "mailto:o***@example.com (1f2e3d4c)".
std::string shown_alert_url(const std::string& url);

}  // namespace drift::reporters
