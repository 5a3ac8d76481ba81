#include "reporters/alert_sink.h"

#include "drift/base/error.h"
#include "drift/base/url.h"
#include "reporters/terminal_sink.h"

namespace drift::reporters {

std::unique_ptr<AlertSink> make_alert_sink(const std::string& url) {
  if (url == "terminal") return std::make_unique<TerminalSink>();
  throw Error{Fault::kUsage, "cannot send alerts to " + redacted_url(url),
              "give \"terminal\" to --alerts"};
}

}  // namespace drift::reporters
