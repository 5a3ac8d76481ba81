#include "drift/http/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace drift {
namespace {

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
