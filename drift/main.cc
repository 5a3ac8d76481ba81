// The process: signals in, exit code out.
#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "drift/base/stop.h"
#include "drift/cli/program.h"

namespace {

// The first signal asks the run to end, so that its report can say so; whoever sends a second one
// does not want to wait for that. A thread of its own may do what a signal handler may not.
void stop_on_signals(std::shared_ptr<drift::Stop> stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // Blocked here, and so in every thread that is started from now on: only sigwait sees them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([stop = std::move(stop), signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop->request();
    sigwait(&signals, &signal);
    std::_Exit(128 + signal);
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of our output that goes away is an error of that write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  const int code = drift::cli::run_program(argc, argv, stop_on_signals);
  // Not `return`: a thread that a library holds in a call without a time-out (see Side) may still
  // run, and must not meet destroyed statics. Everything was written with write(2).
  std::_Exit(code);
}
