#include "drift/base/http_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift {
namespace {

bool is_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536;
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

std::optional<HttpUrl> parse_http_url(std::string_view text) {
  HttpUrl url;
  url.scheme = url_scheme(text);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  if (std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
               c == '\\' || c == '#';
      })) {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(url.scheme.size() + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  url.origin = url.scheme + "://" + std::string(authority);
  url.target = rest.substr(end);
  if (url.target.empty() || url.target.front() != '/') url.target.insert(0, 1, '/');

  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end =
      bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return std::nullopt;
  url.host = authority.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  url.host = ascii_lower(url.host);
  authority.remove_prefix(host_end + (bracketed ? 1 : 0));
  // '@' is no character of a host, so user information fails here.
  if (bracketed ? !is_ipv6(url.host) : !is_host_name(url.host)) return std::nullopt;
  if (!authority.empty() && (authority.front() != ':' || !is_port(authority.substr(1)))) {
    return std::nullopt;
  }
  return url;
}

bool is_loopback_host(std::string_view host) {
  const std::string name(host);
  in_addr four{};
  if (::inet_pton(AF_INET, name.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six{};
  if (::inet_pton(AF_INET6, name.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return name == "localhost";
}

}  // namespace drift
