#include "drift/http/origin.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift {
namespace {

constexpr char kForm[] = "write it as https://host or https://host:port";

bool is_host_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_';
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit) &&
         std::stoi(std::string{text}) >= 1 && std::stoi(std::string{text}) <= 65535;
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; });
}

bool is_ipv4(std::string_view text) {
  return std::count(text.begin(), text.end(), '.') == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return text.substr(0, start.size()) == start; });
}

}  // namespace

bool Origin::local() const {
  const std::string name = ascii_lower(host);
  if (name == "localhost" || name == "::1") return true;
  if (is_ipv4(name)) return starts_with_any(name, {"127.", "169.254."});
  return is_ipv6(name) && starts_with_any(name, {"fe8", "fe9", "fea", "feb", "fd00:ec2:"});
}

Origin parse_origin(const std::string& text) {
  const std::string scheme = url_scheme(text);
  const auto refuse = [&](const std::string& shown) {
    throw Error{Fault::kHttpFailed, shown + " is not the address of an HTTP server", kForm};
  };
  if (scheme != "http" && scheme != "https") refuse(printable(redacted_url(text)));

  Origin origin;
  origin.tls = scheme == "https";
  origin.authority = text.substr(scheme.size() + 3);
  // "user:password@host": the whole of it may be secret, and redaction has its limits.
  if (origin.authority.find('@') != std::string::npos) {
    throw Error{Fault::kHttpFailed, "the address of an HTTP server holds a user name or a password",
                kForm};
  }

  std::string_view rest = origin.authority;
  bool well_formed = false;
  if (!rest.empty() && rest.front() == '[') {
    const std::size_t end = rest.find(']');
    origin.host = rest.substr(1, end == std::string_view::npos ? end : end - 1);
    rest.remove_prefix(std::min(rest.size(), end == std::string_view::npos ? end : end + 1));
    well_formed = end != std::string_view::npos && is_ipv6(origin.host);
  } else {
    origin.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(origin.host.size());
    well_formed = !origin.host.empty() &&
                  std::all_of(origin.host.begin(), origin.host.end(), is_host_character);
  }
  if (!well_formed || (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1))))) {
    refuse(printable(redacted_url(text)));
  }
  return origin;
}

}  // namespace drift
