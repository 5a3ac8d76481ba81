// http and https URLs as settings give them: an origin and a path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift {

struct HttpUrl {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without its brackets
  std::string origin;  // "https://host:8443", "http://[::1]:80": as written, for HttpRequest
  std::string target;  // path and query, at least "/"
};

// Nothing for text that is no absolute http(s) URL, or has user information, a fragment, blanks,
// control characters or a port that is none: such a URL would not go where it seems to.
std::optional<HttpUrl> parse_http_url(std::string_view text);

// "localhost", 127.0.0.0/8 or ::1, literally: names that resolve there do not count.
bool is_loopback_host(std::string_view host);

}  // namespace drift
