// Ctrl-C in a session: it ends what is under way, and not the program.
#pragma once

#include <csignal>

namespace drift {
class Stop;
}

namespace drift::shell {

// SIGINT and SIGTERM are ours while it lives. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Somebody (SIGTERM) wants the session to end.
  static bool ended();
};

// While it lives, SIGINT and SIGTERM request `stop`, which must outlive it. Without one SIGINT does
// nothing. One at a time.
class InterruptedBy {
 public:
  explicit InterruptedBy(Stop& stop);
  ~InterruptedBy();
  InterruptedBy(const InterruptedBy&) = delete;
  InterruptedBy& operator=(const InterruptedBy&) = delete;
};

}  // namespace drift::shell
