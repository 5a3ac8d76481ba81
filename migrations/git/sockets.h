// Sockets for libgit2 that end when the run must.
#pragma once

namespace drift::migrations {

class Connections;

// Lends `connections` to the libgit2 calls of this thread: libgit2 opens a stream within a call,
// but hands nothing on to it.
class LentConnections {
 public:
  explicit LentConnections(Connections& connections);
  ~LentConnections();
  LentConnections(const LentConnections&) = delete;
  LentConnections& operator=(const LentConnections&) = delete;
};

// Once, after the library has started.
void use_own_sockets();

}  // namespace drift::migrations
