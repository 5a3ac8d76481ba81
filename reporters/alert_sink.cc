#include "reporters/alert_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "drift/aws/arn.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/url.h"
#include "drift/report/fleet_alert.h"
#include "drift/report/report.h"
#include "reporters/mail_sink.h"
#include "reporters/sns_sink.h"
#include "reporters/web_sinks.h"

namespace drift::reporters {
namespace {

// Alerts on standard error: what cron mails to its user, and a person sees.
class TerminalSink : public AlertSink {
 public:
  explicit TerminalSink(bool shown) : shown_(shown) {}
  void send(const report::Report& report, const std::string& report_location,
            const Stop&) override {
    if (!shown_) write(report::alert_text(report, report_location));
  }
  void send(const report::FleetAlert& alert, const Stop&) override {
    write(report::alert_text(alert));
  }
  std::string name() const override { return "terminal"; }
  // A person's terminal shows an alert to who sits there, and is no reason to keep it from the
  // readers of the nightly job, whose "terminal" is cron's mail or a journal.
  std::optional<std::string> identity() const override {
    if (::isatty(STDERR_FILENO) == 1 || ::isatty(STDOUT_FILENO) == 1) return std::nullopt;
    return name();
  }

 private:
  static void write(const std::string& text) {
    try {
      write_fully(STDERR_FILENO, text);
    } catch (const Error& error) {
      throw Error{Fault::kAlertNotSent, error.what(), "standard error is closed or full"};
    }
  }

  bool shown_;
};

using Made = std::unique_ptr<AlertSink>;

// What a sink is made of; `rest` is what follows the first ':' of the URL.
struct Wanted {
  const std::string& url;
  std::string rest;
  const AlertOptions& options;
  const aws::SessionSource& session;
};

// What comes before the first ':' (all of it where there is none), and what makes a sink of the
// rest; null where that is wrong.
struct Scheme {
  std::string_view name;
  Made (*make)(const Wanted& wanted);
};

constexpr std::array kSchemes = {
    Scheme{"terminal",
           [](const Wanted& wanted) -> Made {
             return wanted.rest.empty()
                        ? std::make_unique<TerminalSink>(wanted.options.shown_on_terminal)
                        : nullptr;
           }},
    Scheme{"mailto",
           [](const Wanted& wanted) -> Made { return std::make_unique<MailSink>(wanted.rest); }},
    Scheme{"arn",
           [](const Wanted& wanted) -> Made {
             return std::make_unique<SnsSink>(wanted.url, wanted.session);
           }},
    Scheme{"slack",
           [](const Wanted& wanted) -> Made {
             // A URL on the command line would be seen by all, and one in a list of alerts logged.
             if (!wanted.rest.empty() && !aws::is_arn(wanted.rest)) return nullptr;
             return std::make_unique<SlackSink>(
                 wanted.rest.empty() ? wanted.options.slack_url : wanted.rest, wanted.options,
                 wanted.session);
           }},
    Scheme{"webhook",
           [](const Wanted& wanted) -> Made {
             return std::make_unique<WebhookSink>(wanted.rest, wanted.options, wanted.session);
           }},
};

}  // namespace

std::string shown_alert_url(const std::string& url) {
  constexpr std::string_view kWebhook = "webhook:";
  if (url.starts_with("mailto:")) return shown_addresses(url.substr(7));
  if (url.starts_with("slack:")) return url.starts_with("slack:arn:") ? url : "slack:***";
  if (!url.starts_with(kWebhook)) return redacted_url(url);
  const auto parts = parse_http_url(url.substr(kWebhook.size()));
  return parts ? "webhook " + parts->host : "webhook:***";
}

std::unique_ptr<AlertSink> make_alert_sink(const std::string& url, const AlertOptions& options,
                                           const aws::SessionSource& session) {
  const std::size_t colon = url.find(':');
  const std::string scheme = url.substr(0, colon);
  const Wanted wanted{url, colon == std::string::npos ? "" : url.substr(colon + 1), options,
                      session};
  for (const Scheme& known : kSchemes) {
    if (known.name != scheme) continue;
    if (Made sink = known.make(wanted)) return sink;
  }
  throw Error{
      Fault::kUsage, "cannot send alerts to " + shown_alert_url(url),
      "give terminal, mailto:ADDRESS, the ARN of an SNS topic, slack, slack:ARN of the secret that "
      "holds its URL, or webhook:https://host/path to --alerts"};
}

}  // namespace drift::reporters
