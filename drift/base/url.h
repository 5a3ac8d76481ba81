// Just enough of URLs (RFC 3986) to choose a backend by scheme and to hide credentials.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift {

// The scheme in lower case ("https" of "HTTPS://host/"), or empty where `text` has none.
// A scheme is a letter followed by letters, digits, '+', '-', '.', before "://"; so "C:/x",
// "git@host:path" and "./a" have none.
std::string url_scheme(std::string_view text);

// `text` fit for a log, a report or an error: the user information of a URL loses its password
// ("https://user:***@host/x"; a lone user of an http(s) URL, or one with the password "" or
// "x-oauth-basic", is a token, so it becomes "***"), and query or fragment values whose names speak
// of a secret (password, token, key, secret, signature, credential) become "***". A password with
// an unescaped '/' is hidden as well. Works on postgresql:// URLs too. Anything that is no URL
// comes back as it is.
std::string redacted_url(std::string_view text);

// Decodes %XX; a lone or broken '%' stays as it is.
std::string percent_decoded(std::string_view text);

// --------------------------------- http and https URLs as settings give them: an origin and a path

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
