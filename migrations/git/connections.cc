#include "migrations/git/connections.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <system_error>

namespace drift::migrations {
namespace {

// One dead address of several must not use up the whole run.
constexpr std::chrono::milliseconds kPerAddress{20'000};

// 0, or the errno of the attempt.
int connect_to(int fd, const addrinfo& address, const Stop& stop) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto limit = std::min(kPerAddress, stop.remaining());
  std::array<pollfd, 2> waiting = {pollfd{fd, POLLOUT, 0}, pollfd{stop.wake_fd(), POLLIN, 0}};
  const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(limit.count()));
  if (ready == 0 || waiting[1].revents != 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int code = 0;
  socklen_t size = sizeof code;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

}  // namespace

Connections::Connections(const Stop& stop)
    : stop_(stop), done_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (done_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  try {
    watcher_ = std::thread(&Connections::watch, this);
  } catch (...) {
    ::close(done_fd_);
    throw;
  }
}

Connections::~Connections() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(done_fd_, &one, sizeof one);
  watcher_.join();
  for (const int fd : open_) ::close(fd);
  ::close(done_fd_);
}

void Connections::watch() {
  std::array<pollfd, 2> waiting = {pollfd{done_fd_, POLLIN, 0}, pollfd{stop_.wake_fd(), POLLIN, 0}};
  while (!stop_.due()) {
    // A millisecond more, so that the deadline has passed when poll says so.
    const auto left = static_cast<int>(stop_.remaining().count()) + 1;
    ::poll(waiting.data(), waiting.size(), left);
    if (waiting[0].revents != 0) return;
  }
  cut();
}

void Connections::cut() {
  const std::lock_guard guard(mutex_);
  cut_ = true;
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
}

int Connections::connect(const char* host, const char* port, std::string& why) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host, port, &hints, &found); code != 0) {
    why = fmt::format("cannot find the address of {}: {}", host, ::gai_strerror(code));
    return -1;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int code = EHOSTUNREACH;
  for (const addrinfo* address = found; address != nullptr && !stop_.due();
       address = address->ai_next) {
    const int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      code = errno;
      continue;
    }
    // A request leaves in several writes and its answer is waited for. Held back until the one
    // before is acknowledged, which servers delay, the last of them would cost 40 ms each time.
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    code = connect_to(fd, *address, stop_);
    if (code == 0 && ::fcntl(fd, F_SETFL, 0) != 0) code = errno;
    const std::lock_guard guard(mutex_);
    if (code == 0 && !cut_) {
      open_.push_back(fd);
      return fd;
    }
    ::close(fd);
  }
  why = fmt::format("cannot connect to {} on port {}: {}", host, port, std::strerror(code));
  return -1;
}

void Connections::close(int fd) {
  const std::lock_guard guard(mutex_);
  const auto place = std::find(open_.begin(), open_.end(), fd);
  if (place == open_.end()) return;
  open_.erase(place);
  ::close(fd);
}

}  // namespace drift::migrations
