#include "reporters/heartbeat.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/base/http_url.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"
#include "drift/http/http.h"

namespace drift::reporters {
namespace {

using std::chrono::seconds;

HttpUrl parsed(const std::string& url) {
  const auto parts = parse_http_url(url);
  if (parts && (parts->scheme == "https" || is_loopback_host(parts->host))) return *parts;
  throw Error{Fault::kUsage, "the heartbeat's URL is no https:// URL",
              "give the URL that the monitoring service shows, such as "
              "https://hc.example.com/ping/ID"};
}

}  // namespace

std::string heartbeat_host(const std::string& url) { return parsed(url).host; }

void send_heartbeat(const std::string& url, const Stop& stop) {
  remember_secret_url(url);
  const HttpUrl parts = parsed(url);
  HttpRequest request;
  request.origin = parts.origin;
  request.target = parts.target;
  request.timeout = seconds{10};
  request.max_response_bytes = 64U << 10U;
  HttpClient http;
  RetryQuota quota;
  try {
    Retry(quota).run(
        [&]() -> Attempt {
          const HttpResponse response = http.send(request, stop);
          if (response.status / 100 == 2) return {};
          const Error refused{Fault::kAlertNotSent,
                              fmt::format("{} answered HTTP {}", parts.host, response.status)};
          const bool passing = response.status >= 500 || response.status == 429;
          return {passing ? Attempt::Kind::kTransient : Attempt::Kind::kFailed, refused, {}, false};
        },
        stop);
  } catch (const Error& error) {
    throw Error{Fault::kAlertNotSent, fmt::format("cannot send the heartbeat: {}", error.what()),
                "check the heartbeat's URL: it is the one that the monitoring service shows"};
  }
}

}  // namespace drift::reporters
