#include "drift/http/origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift {
namespace {

constexpr char kForm[] = "write it as https://host or https://host:port";

bool is_host_character(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }

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
                     [&](std::string_view start) { return text.starts_with(start); });
}

struct Block {
  std::uint32_t first;
  int bits;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}

bool is_public(std::uint32_t address) {
  constexpr std::array kSpecial = {
      Block{ip(0, 0, 0, 0), 8},     Block{ip(10, 0, 0, 0), 8},      Block{ip(100, 64, 0, 0), 10},
      Block{ip(127, 0, 0, 0), 8},   Block{ip(169, 254, 0, 0), 16},  Block{ip(172, 16, 0, 0), 12},
      Block{ip(192, 0, 0, 0), 24},  Block{ip(192, 0, 2, 0), 24},    Block{ip(192, 168, 0, 0), 16},
      Block{ip(198, 18, 0, 0), 15}, Block{ip(198, 51, 100, 0), 24}, Block{ip(203, 0, 113, 0), 24},
      Block{ip(224, 0, 0, 0), 3}};
  return std::none_of(kSpecial.begin(), kSpecial.end(), [&](const Block& block) {
    return (address ^ block.first) >> (32 - block.bits) == 0;
  });
}

std::uint32_t four_bytes(const std::uint8_t* bytes) {
  return ip(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool is_public(const in6_addr& address) {
  const std::uint8_t* bytes = address.s6_addr;
  const auto begins_with = [&](std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes);
  };
  if (begins_with({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}))
    return is_public(four_bytes(bytes + 12));
  if (begins_with({0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    return is_public(four_bytes(bytes + 12));
  }
  if (begins_with({0x20, 0x02})) return is_public(four_bytes(bytes + 2));
  // Protocol assignments (Teredo among them) and documentation.
  if (begins_with({0x20, 0x01, 0x0d, 0xb8})) return false;
  if (begins_with({0x20, 0x01}) && bytes[2] < 2) return false;
  // What is routed to anybody begins with 001.
  return bytes[0] >> 5U == 1;
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

bool is_public_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return is_public(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    return is_public(v6.sin6_addr);
  }
  return false;
}

}  // namespace drift
