// Where an HTTP request goes: scheme, host and port, and which addresses are public.
#pragma once

#include <string>

struct sockaddr;

namespace drift {

struct Origin {
  bool tls = true;
  std::string host;       // without the brackets of an IPv6 address
  std::string authority;  // "host", "host:port": as in the URL, for messages

  // Whether the host names this machine or its link ("localhost", 127.0.0.0/8, 169.254.0.0/16, ::1,
  // fe80::/10, fd00:ec2::/32): the addresses of metadata services, that no proxy can reach.
  bool local() const;

  bool operator==(const Origin&) const = default;
};

// "https://host[:port]" and nothing else. Throws Error{kHttpFailed}, which shows the origin only
// where it cannot hold a password.
Origin parse_origin(const std::string& text);

// Whether anybody on the internet could reach it. False for private networks, this machine, its
// link, shared address space, documentation, multicast and what is reserved; an IPv6 address that
// stands for an IPv4 address (mapped, NAT64, 6to4) is what that one is. Nothing but IPv4 and IPv6
// is public.
// https://www.iana.org/assignments/iana-ipv4-special-registry,
// https://www.iana.org/assignments/iana-ipv6-special-registry
bool is_public_address(const sockaddr* address);

}  // namespace drift
