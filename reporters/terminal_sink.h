// Alerts on standard error: what cron mails to its user, and a person sees.
#pragma once

#include <string>

#include "reporters/alert_sink.h"

namespace drift::reporters {

class TerminalSink : public AlertSink {
 public:
  explicit TerminalSink(int fd = 2) : fd_(fd) {}
  void send(const report::Report& report, const std::string& report_location,
            const Stop& stop) override;
  std::string name() const override { return "terminal"; }

 private:
  int fd_;
};

}  // namespace drift::reporters
