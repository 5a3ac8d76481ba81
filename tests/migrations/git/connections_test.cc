#include "migrations/git/connections.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace drift::migrations {
namespace {

// A port of the loopback that accepts connections; nobody answers on them.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_, plain, size), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, plain, &size), 0);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const char* port() const { return port_.c_str(); }

 private:
  int fd_;
  std::string port_;
};

TEST(Connections, SmallWritesLeaveWithoutWaitingForAcknowledgements) {
  const Listener server;
  const Stop stop;
  Connections connections(stop);
  std::string why;
  const int fd = connections.connect("127.0.0.1", server.port(), why);
  ASSERT_GE(fd, 0) << why;
  int on = 0;
  socklen_t size = sizeof on;
  ASSERT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
  connections.close(fd);
}

}  // namespace
}  // namespace drift::migrations
