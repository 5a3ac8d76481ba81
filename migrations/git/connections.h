// TCP connections that end when the run must.
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drift/base/stop.h"

namespace drift::migrations {

// The connections of one conversation with a remote. libgit2 and libssh2 read and write them with
// calls that block for as long as the other side is silent; when stop is due, a watching thread
// shuts the connections down, and those calls return.
//
// Looking up a host name cannot be ended that way; the resolver's own limits apply (about ten
// seconds a server, resolv.conf(5)).
class Connections {
 public:
  explicit Connections(const Stop& stop);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // A connected, blocking socket, the first of the host's addresses that answers; or -1, and in
  // `why` what kept us from it.
  int connect(const char* host, const char* port, std::string& why);
  void close(int fd);
  // Shuts all of them down, and lets no other be made: libssh2 ends a channel in good order, for
  // which it would wait as long as the other side likes.
  void cut();

 private:
  void watch();

  const Stop& stop_;
  int done_fd_;
  std::mutex mutex_;
  std::vector<int> open_;
  bool cut_ = false;
  std::thread watcher_;
};

}  // namespace drift::migrations
