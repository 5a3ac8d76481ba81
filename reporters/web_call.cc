#include "reporters/web_call.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/base/likely_secrets.h"
#include "drift/base/printable.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"
#include "drift/base/url.h"

namespace drift::reporters {
namespace {

using std::chrono::seconds;

HttpUrl parsed(const std::string& url, bool allow_loopback, const Error& otherwise) {
  const auto parts = parse_http_url(url);
  const bool allowed =
      parts && (parts->scheme == "https" || (allow_loopback && is_loopback_host(parts->host)));
  if (!allowed) throw Error{otherwise};
  return *parts;
}

HttpUrl heartbeat_url(const std::string& url) {
  return parsed(url, /*allow_loopback=*/true,
                {Fault::kUsage, "invalid URL of the heartbeat: not https://...",
                 "give the URL that the monitoring service shows, such as "
                 "https://hc.example.com/ping/ID"});
}

// Slack says in the body what is wrong ("invalid_token", "channel_is_archived"); others repeat the
// URL, the headers or the body that they were sent. The secrets go before anything is cut: half of
// one would no longer be known.
std::string reason_in(const HttpResponse& response) {
  const std::string text =
      shortened(printable(without_likely_secrets(response.body).substr(0, 200)), 80);
  return text.empty() || text.front() == '<' ? std::string{} : fmt::format(" ({})", text);
}

HttpRequest request_to(const HttpUrl& parts, seconds timeout) {
  HttpRequest request;
  request.origin = parts.origin;
  request.target = parts.target;
  request.timeout = timeout;
  request.max_response_bytes = 64U << 10U;
  return request;
}

// Throws what the last attempt came to.
void send(const HttpRequest& request, const std::string& host, const Stop& stop) {
  HttpClient http;
  RetryQuota quota;
  Retry(quota).run(
      [&]() -> Attempt {
        const HttpResponse response = http.send(request, stop);
        if (response.status / 100 == 2) return {};
        const Error refused{
            Fault::kAlertNotSent,
            fmt::format("{} answered HTTP {}{}", host, response.status, reason_in(response))};
        if (response.status == 429) return {Attempt::Kind::kThrottling, refused, {}, false};
        const bool passing = response.status >= 500;
        return {passing ? Attempt::Kind::kTransient : Attempt::Kind::kFailed, refused, {}, false};
      },
      stop);
}

}  // namespace

void post_alert(const WebPost& post, const Stop& stop) {
  remember_secret_url(post.url);
  const HttpUrl parts = parsed(post.url, post.allow_private,
                               {Fault::kUsage, "invalid URL to post alerts to: not https://...",
                                "give it as the service shows it: https://host/path"});
  HttpRequest request = request_to(parts, seconds{15});
  request.method = "POST";
  request.headers = post.headers;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = post.body;
  request.public_addresses_only = !post.allow_private;
  try {
    send(request, parts.host, stop);
  } catch (const Error& error) {
    throw Error{
        Fault::kAlertNotSent,
        fmt::format("cannot post the alert to {}: {}", parts.host, error.what()),
        error.hint.empty() ? "check the URL, and whether the service still knows it" : error.hint};
  }
}

void send_heartbeat(const std::string& url, const Stop& stop) {
  remember_secret_url(url);
  const HttpUrl parts = heartbeat_url(url);
  try {
    send(request_to(parts, seconds{10}), parts.host, stop);
  } catch (const Error& error) {
    throw Error{Fault::kAlertNotSent, fmt::format("cannot send the heartbeat: {}", error.what()),
                "check the heartbeat's URL: it is the one that the monitoring service shows"};
  }
}

std::string heartbeat_host(const std::string& url) { return heartbeat_url(url).host; }

}  // namespace drift::reporters
