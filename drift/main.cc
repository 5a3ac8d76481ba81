// The process: signals in, exit code out.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>

#include "drift/base/stop.h"
#include "drift/cli/program.h"
#include "drift/shell/session.h"

namespace {

// Of the run that signals are to end. A handler may use it at any time, so it is never freed.
std::atomic<drift::Stop*> running{nullptr};

// The first signal asks the run to end, so that its report can say so; whoever sends a second one
// does not want to wait for that.
void on_signal(int signal) {
  drift::Stop* const stop = running.load();
  if (stop->requested()) std::_Exit(128 + signal);
  const int interrupted_errno = errno;
  stop->request();
  errno = interrupted_errno;
}

// A handler and not a thread in sigwait: a second thread, even one that sleeps, makes every lock
// in malloc and libgit2 an atomic operation, a tenth of the time of `heads`.
void stop_on_signals(std::shared_ptr<drift::Stop> stop) {
  static auto* const kept = new std::shared_ptr<drift::Stop>(std::move(stop));
  running = kept->get();
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction handled {};
    handled.sa_handler = on_signal;
    handled.sa_flags = SA_RESTART;
    ::sigaction(signal, &handled, nullptr);
  }
}

// A core would hold tokens and passwords. Where a program takes cores (core_pattern begins with
// '|') the limit alone does not keep them from it, core(5); what cannot be dumped cannot be traced
// by others of our user, either.
void leave_no_core() {
  const struct rlimit none {};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

#ifdef SCHEMA_DRIFT_WITHOUT_SHELL
constexpr drift::shell::RunSession kRunSession = nullptr;
#else
constexpr drift::shell::RunSession kRunSession = drift::shell::run_session;
#endif

int main(int argc, char** argv) {
  leave_no_core();
  // A reader of our output that goes away is an error of that write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  const int code = drift::cli::run_program(argc, argv, stop_on_signals, kRunSession);
  // Not `return`: a thread that a library holds in a call without a time-out (see Side) may still
  // run, and must not meet destroyed statics. Everything was written with write(2).
  std::_Exit(code);
}
