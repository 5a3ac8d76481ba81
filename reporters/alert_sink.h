// Where alerts go, chosen by URL scheme.
#pragma once

#include <memory>
#include <string>

namespace drift::report {
struct Report;
}

namespace drift::reporters {

class AlertSink {
 public:
  virtual ~AlertSink() = default;

  // `report_location` tells people where the report lies, or why there is none.
  // Throws Error{kAlertNotSent}.
  virtual void send(const report::Report& report, const std::string& report_location) = 0;

  // For people and logs: "terminal".
  virtual std::string name() const = 0;
};

// `url`: "terminal" (standard error).
// Throws Error{kUsage} naming the schemes that exist.
std::unique_ptr<AlertSink> make_alert_sink(const std::string& url);

}  // namespace drift::reporters
