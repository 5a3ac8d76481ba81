#include "reporters/alert_sink.h"

#include "drift/base/error.h"
#include "drift/base/url.h"
#include "reporters/sns_sink.h"
#include "reporters/terminal_sink.h"

namespace drift::reporters {

std::unique_ptr<AlertSink> make_alert_sink(const std::string& url,
                                           const aws::SessionSource& session) {
  if (url == "terminal") return std::make_unique<TerminalSink>();
  if (is_topic_arn(url)) return std::make_unique<SnsSink>(url, session);
  throw Error{Fault::kUsage, "cannot send alerts to " + redacted_url(url),
              "give \"terminal\" or the ARN of an SNS topic to --alerts"};
}

}  // namespace drift::reporters
