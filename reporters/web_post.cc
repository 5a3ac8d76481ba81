#include "reporters/web_post.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/base/http_url.h"
#include "drift/base/likely_secrets.h"
#include "drift/base/printable.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"

namespace drift::reporters {
namespace {

using std::chrono::seconds;

HttpUrl parsed(const WebPost& post) {
  const auto parts = parse_http_url(post.url);
  if (parts &&
      (parts->scheme == "https" || (post.allow_private && is_loopback_host(parts->host)))) {
    return *parts;
  }
  throw Error{Fault::kUsage, "the URL to post alerts to is no https:// URL",
              "give it as the service shows it: https://host/path"};
}

// Slack says in the body what is wrong ("invalid_token", "channel_is_archived"); others repeat the
// URL, the headers or the body that they were sent. The secrets go before anything is cut: half of
// one would no longer be known.
std::string reason_in(const HttpResponse& response) {
  const std::string text =
      shortened(printable(without_likely_secrets(response.body).substr(0, 200)), 80);
  return text.empty() || text.front() == '<' ? std::string{} : fmt::format(" ({})", text);
}

}  // namespace

void post_alert(const WebPost& post, const Stop& stop) {
  remember_secret_url(post.url);
  const HttpUrl parts = parsed(post);
  HttpRequest request;
  request.method = "POST";
  request.origin = parts.origin;
  request.target = parts.target;
  request.headers = post.headers;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = post.body;
  request.timeout = seconds{15};
  request.max_response_bytes = 64U << 10U;
  request.public_addresses_only = !post.allow_private;
  HttpClient http;
  RetryQuota quota;
  try {
    Retry(quota).run(
        [&]() -> Attempt {
          const HttpResponse response = http.send(request, stop);
          if (response.status / 100 == 2) return {};
          const Error refused{Fault::kAlertNotSent,
                              fmt::format("{} answered HTTP {}{}", parts.host, response.status,
                                          reason_in(response))};
          if (response.status == 429) return {Attempt::Kind::kThrottling, refused, {}, false};
          const bool passing = response.status >= 500;
          return {passing ? Attempt::Kind::kTransient : Attempt::Kind::kFailed, refused, {}, false};
        },
        stop);
  } catch (const Error& error) {
    throw Error{
        Fault::kAlertNotSent,
        fmt::format("cannot post the alert to {}: {}", parts.host, error.what()),
        error.hint.empty() ? "check the URL, and whether the service still knows it" : error.hint};
  }
}

}  // namespace drift::reporters
