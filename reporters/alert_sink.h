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

  // `stored_at` is where the report lies, or "" with `not_stored` saying why there is none.
  // Throws Error{kAlertNotSent}.
  virtual void send(const report::Report& report, const std::string& stored_at,
                    const std::string& not_stored) = 0;

  // For people and logs: "terminal".
  virtual std::string name() const = 0;
};

// `url`: "terminal" (standard error).
// Throws Error{kUsage} naming the schemes that exist.
std::unique_ptr<AlertSink> make_alert_sink(const std::string& url);

}  // namespace drift::reporters
