// Where an HTTP request goes: scheme, host and port.
#pragma once

#include <string>

namespace drift {

struct Origin {
  bool tls = true;
  std::string host;       // without the brackets of an IPv6 address
  std::string authority;  // "host", "host:port": as in the URL, for messages

  // Whether the host names this machine or its link ("localhost", 127.0.0.0/8, 169.254.0.0/16, ::1,
  // fe80::/10, fd00:ec2::/32): the addresses of metadata services, that no proxy can reach.
  bool local() const;
};

// "https://host[:port]" and nothing else. Throws Error{kHttpFailed}, which shows the origin only
// where it cannot hold a password.
Origin parse_origin(const std::string& text);

}  // namespace drift
