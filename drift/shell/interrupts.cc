#include "drift/shell/interrupts.h"

#include <atomic>
#include <cerrno>

#include "drift/base/stop.h"

namespace drift::shell {
namespace {

std::atomic<Stop*> current{nullptr};
std::atomic<bool> over{false};
struct sigaction before_int, before_term;

void on_signal(int signal) {
  const int interrupted_errno = errno;
  if (signal == SIGTERM) over = true;
  if (Stop* const stop = current.load()) stop->request();
  errno = interrupted_errno;
}

}  // namespace

Interrupts::Interrupts() {
  struct sigaction handled {};
  handled.sa_handler = on_signal;
  handled.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &handled, &before_int);
  ::sigaction(SIGTERM, &handled, &before_term);
}

Interrupts::~Interrupts() {
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
}

bool Interrupts::ended() { return over.load(); }

InterruptedBy::InterruptedBy(Stop& stop) {
  current = &stop;
  if (over) stop.request();
}
InterruptedBy::~InterruptedBy() { current = nullptr; }

}  // namespace drift::shell
