#include "reporters/slack_sink.h"

#include "drift/aws/arn.h"
#include "drift/aws/services/secrets.h"
#include "drift/base/error.h"
#include "drift/report/alert_payload.h"
#include "reporters/web_post.h"

namespace drift::reporters {

SlackSink::SlackSink(std::string url, const AlertOptions& options, aws::SessionSource session)
    : url_(std::move(url)), allow_private_(options.allow_private), session_(std::move(session)) {
  if (url_.empty()) {
    throw Error{Fault::kUsage, "--alerts slack has no URL to post to",
                "set SCHEMA_DRIFT_SLACK_URL to the incoming webhook's URL, or to the ARN of the "
                "secret that holds it"};
  }
  if (aws::is_arn(url_)) aws::read_arn(aws::ArnOf::kSecret, url_);
}

void SlackSink::send(const report::Report& report, const std::string& report_location,
                     const Stop& stop) {
  WebPost post;
  post.url = aws::setting_or_secret(url_, {"url", {"url"}}, session_, stop);
  post.body = report::slack_message(report, report_location);
  post.allow_private = allow_private_;
  post_alert(post, stop);
}

}  // namespace drift::reporters
