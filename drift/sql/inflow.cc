#include "drift/sql/inflow.h"

// Not netinet/tcp.h, whose tcp_info ends before the bytes.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>
#include <optional>

namespace drift::sql {
namespace {

// All that has ever arrived, read or not; nothing where it is no TCP or the kernel does not count.
std::optional<std::uint64_t> arrived(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  constexpr std::size_t kNeeded =
      offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < kNeeded) return {};
  return info.tcpi_bytes_received;
}

}  // namespace

std::uint64_t Inflow::waiting(int socket) {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes)
                                                             : 0;
}

void Inflow::begin(int socket) {
  waited_ = 0;
  // In this order: what arrives in between makes the count smaller, not larger.
  const std::uint64_t unread = waiting(socket);
  began_at_ = arrived(socket).value_or(0) - unread;
}

std::uint64_t Inflow::bytes(int socket) const {
  const auto all = arrived(socket);
  if (!all) return waited_;
  const std::uint64_t unread = waiting(socket);
  return *all - unread > began_at_ ? *all - unread - began_at_ : 0;
}

}  // namespace drift::sql
