#include "drift/runtime_api/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::runtime_api {
namespace {

[[noreturn]] void refuse(const std::string& text, const char* why) {
  throw Error{Fault::kUsage, fmt::format("\"{}\" {}", shortened(text), why),
              "give 127.0.0.1:PORT, [::1]:PORT or localhost:PORT; port 0 takes a free one"};
}

}  // namespace

ListenAddress read_listen_address(const std::string& text) {
  constexpr const char* kNone = "is no ADDRESS:PORT to listen on";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) refuse(text, kNone);
  ListenAddress read;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, read.port);
  if (error != std::errc{} || rest != end) refuse(text, kNone);

  std::string host = text.substr(0, colon);
  if (ascii_lower(host) == "localhost") host = "127.0.0.1";
  in_addr four{};
  in6_addr six{};
  bool loopback = false;
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) {
    loopback = (ntohl(four.s_addr) >> 24) == 127;
    read.address = host;
  } else if (host.size() > 2 && host.front() == '[' && host.back() == ']' &&
             ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six) == 1) {
    loopback = IN6_IS_ADDR_LOOPBACK(&six);
    read.address = host.substr(1, host.size() - 2);
  } else {
    refuse(text, kNone);
  }
  if (!loopback) refuse(text, "is not on loopback, and whoever reaches this server is let in");
  return read;
}

}  // namespace drift::runtime_api
