// How much a library has read from a socket that it reads on its own.
#pragma once

#include <cstdint>

namespace drift::sql {

// To be told before each read. Over TCP the count is the kernel's, exact. Over another socket it is
// what waits before each read, which is too much where a read leaves some of it: by no more than
// the socket's buffer.
class Inflow {
 public:
  void before_read(int socket) { waited_ += waiting(socket); }

  // Forgets what was read so far.
  void begin(int socket);
  // Read since then.
  std::uint64_t bytes(int socket) const;

 private:
  static std::uint64_t waiting(int socket);

  std::uint64_t waited_ = 0;
  std::uint64_t began_at_ = 0;  // the kernel's count
};

}  // namespace drift::sql
