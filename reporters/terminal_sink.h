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
  // A person's terminal shows an alert to who sits there, and is no reason to keep it from the
  // readers of the nightly job, whose "terminal" is cron's mail or a journal.
  std::optional<std::string> identity() const override;

 private:
  int fd_;
};

}  // namespace drift::reporters
