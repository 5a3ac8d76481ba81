// Where a server for development may listen. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace drift::runtime_api {

struct ListenAddress {
  std::string address;     // "127.0.0.1", "::1"
  std::uint16_t port = 0;  // 0 takes a free one
};

// Reads ADDRESS:PORT; ADDRESS is localhost, one of 127.0.0.0/8, or [::1].
// Throws Error{kUsage} for what is none, and for an address that others could reach.
ListenAddress read_listen_address(const std::string& text);

}  // namespace drift::runtime_api
