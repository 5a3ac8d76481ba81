#include "drift/base/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "drift/base/text.h"

namespace drift {
namespace {

constexpr std::string_view kHidden = "***";

bool speaks_of_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 8> kWords = {"pass", "pwd",    "pw",         "token",
                                                      "key",  "secret", "credential", "sig"};
  const std::string plain = ascii_lower(percent_decoded(name));
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return plain.find(word) != std::string::npos; });
}

// `parameters` is what follows '?' or '#': name=value pairs.
std::string redacted_parameters(std::string_view parameters) {
  std::string result;
  while (!parameters.empty()) {
    const std::size_t end = parameters.find_first_of("&;");
    const std::string_view pair = parameters.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && speaks_of_a_secret(pair.substr(0, equals))) {
      result += pair.substr(0, equals + 1);
      result += kHidden;
    } else {
      result += pair;
    }
    if (end == std::string_view::npos) break;
    result += parameters[end];
    parameters.remove_prefix(end + 1);
  }
  return result;
}

std::string redacted_user(std::string_view scheme, std::string_view user_information) {
  const bool web = scheme == "http" || scheme == "https";
  const std::size_t colon = user_information.find(':');
  if (colon == std::string_view::npos) return std::string(web ? kHidden : user_information);
  const std::string_view password = user_information.substr(colon + 1);
  // Two old spellings of a token put it where the user belongs.
  if (web && (password.empty() || password == "x-oauth-basic")) return std::string(kHidden);
  return std::string(user_information.substr(0, colon + 1)).append(kHidden);
}

// Length of the user information at the start of `rest` (all that follows "://") with its '@', or
// zero. A password with an unescaped '/' or '?' breaks the grammar, but people paste them, and a
// broken URL is just what ends up in an error message: where the text before the first '/' cannot
// be "host" or "host:port", everything up to the last '@' counts.
std::size_t user_information_length(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) return at + 1;
  const std::size_t last_at = rest.rfind('@');
  const std::size_t colon = authority.rfind(':');
  if (last_at == std::string_view::npos || colon == std::string_view::npos) return 0;
  const std::string_view port = authority.substr(colon + 1);
  const bool host_and_port = (authority.front() == '[' && authority.back() == ']') ||
                             (!port.empty() && std::all_of(port.begin(), port.end(), is_digit));
  return host_and_port ? 0 : last_at + 1;
}

}  // namespace

std::string url_scheme(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_letter(text.front())) return {};
  const std::string_view scheme = text.substr(0, end);
  const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  return valid ? ascii_lower(scheme) : std::string{};
}

std::string redacted_url(std::string_view text) {
  const std::string scheme = url_scheme(text);
  if (scheme.empty()) return std::string(text);
  const std::size_t start = scheme.size() + 3;
  std::string result(text.substr(0, start));
  std::string_view rest = text.substr(start);

  if (const std::size_t length = user_information_length(rest); length > 0) {
    result += redacted_user(scheme, rest.substr(0, length - 1));
    result += '@';
    rest.remove_prefix(length);
  }

  const std::size_t query = rest.find_first_of("?#");
  result += rest.substr(0, query);
  if (query == std::string_view::npos) return result;
  rest.remove_prefix(query);
  // A fragment carries the same kind of pairs in some sign-in flows.
  while (!rest.empty()) {
    result += rest.front();
    rest.remove_prefix(1);
    const std::size_t end = rest.find('#');
    result += redacted_parameters(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end);
  }
  return result;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        result += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

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
