// Alerts posted to a URL: into a Slack channel by an incoming webhook, or to one of the user's own,
// signed.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "drift/aws/session.h"
#include "reporters/alert_sink.h"

namespace drift::reporters {

class SlackSink : public AlertSink {
 public:
  // `url`: the webhook's, or the ARN of the secret that holds it. Throws Error{kUsage} where it is
  // "", or neither.
  SlackSink(std::string url, const AlertOptions& options, aws::SessionSource session);
  void send(const report::Report& report, const std::string& report_location,
            const Stop& stop) override;
  void send(const report::FleetAlert& alert, const Stop& stop) override;
  std::string name() const override { return "slack"; }
  // Another webhook may post into another channel.
  std::optional<std::string> identity() const override { return "slack " + url_; }

 private:
  void post(std::string body, const Stop& stop);

  std::string url_;
  bool allow_private_;
  aws::SessionSource session_;
};

class WebhookSink : public AlertSink {
 public:
  // `url`: https://host/path. Throws Error{kUsage} for another one, and without a secret: what is
  // not signed, anybody could send.
  WebhookSink(std::string url, AlertOptions options, aws::SessionSource session);
  void send(const report::Report& report, const std::string& report_location,
            const Stop& stop) override;
  void send(const report::FleetAlert& alert, const Stop& stop) override;
  // The host; the rest of the URL may be a secret.
  std::string name() const override { return "webhook " + host_; }
  // Two paths of one host are two destinations.
  std::optional<std::string> identity() const override { return "webhook " + url_; }

 private:
  // `delivery` lets receivers tell what comes twice.
  void post(std::string body, const std::string& delivery, const Stop& stop);

  std::string url_, host_;
  AlertOptions options_;
  aws::SessionSource session_;
};

}  // namespace drift::reporters
