#include "reporters/web_sinks.h"

#include <fmt/format.h>

#include "drift/aws/arn.h"
#include "drift/aws/digest.h"
#include "drift/aws/services/secrets.h"
#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/url.h"
#include "drift/report/alert_payload.h"
#include "reporters/web_call.h"

namespace drift::reporters {
namespace {

// "t=1795143600,v1=" and the hex digits of HMAC-SHA256 over "1795143600." and the body: the value
// of X-Schema-Drift-Signature. The time lets receivers refuse what is replayed.
std::string webhook_signature(std::string_view secret, std::string_view body, TimePoint now) {
  const std::string time = std::to_string(now.time_since_epoch().count());
  return fmt::format("t={},v1={}", time,
                     aws::hex_encoded(aws::hmac_sha256(secret, fmt::format("{}.{}", time, body))));
}

}  // namespace

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
  post(report::slack_message(report, report_location), stop);
}

void SlackSink::send(const report::FleetAlert& alert, const Stop& stop) {
  post(report::slack_message(alert), stop);
}

void SlackSink::post(std::string body, const Stop& stop) {
  WebPost post;
  post.url = aws::setting_or_secret(url_, {"url", {"url"}}, session_, stop);
  post.body = std::move(body);
  post.allow_private = allow_private_;
  post_alert(post, stop);
}

WebhookSink::WebhookSink(std::string url, AlertOptions options, aws::SessionSource session)
    : url_(std::move(url)), options_(std::move(options)), session_(std::move(session)) {
  const auto parts = parse_http_url(url_);
  if (!parts) {
    throw Error{Fault::kUsage, "invalid --alerts webhook: no https:// URL follows",
                "write webhook:https://host/path"};
  }
  host_ = parts->host;
  if (options_.webhook_secret.empty()) {
    throw Error{Fault::kUsage, fmt::format("there is no secret to sign alerts for {} with", host_),
                "set SCHEMA_DRIFT_WEBHOOK_SECRET to the secret, or to the ARN of one in Secrets "
                "Manager"};
  }
  if (aws::is_arn(options_.webhook_secret)) {
    aws::read_arn(aws::ArnOf::kSecret, options_.webhook_secret);
  }
}

void WebhookSink::send(const report::Report& report, const std::string& report_location,
                       const Stop& stop) {
  post(report::webhook_payload(report, report_location),
       fmt::format("{}-{}", report.target, report.run_id), stop);
}

void WebhookSink::send(const report::FleetAlert& alert, const Stop& stop) {
  post(report::webhook_payload(alert), alert.run_id, stop);
}

void WebhookSink::post(std::string body, const std::string& delivery, const Stop& stop) {
  const std::string secret =
      aws::setting_or_secret(options_.webhook_secret, {"secret", {"secret"}}, session_, stop);
  WebPost post;
  post.url = url_;
  post.body = std::move(body);
  remember_secret(secret);
  const std::string signature = webhook_signature(secret, post.body, SystemClock{}.now());
  // Whoever reads it could send the same alert again for as long as receivers take it.
  remember_secret(signature.substr(signature.rfind('=') + 1));
  post.headers = {{"X-Schema-Drift-Signature", signature}, {"X-Schema-Drift-Delivery", delivery}};
  post.allow_private = options_.allow_private;
  post_alert(post, stop);
}

}  // namespace drift::reporters
