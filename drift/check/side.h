// One side of a comparison, read on a thread of its own.
#pragma once

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/stop.h"

namespace drift::check {

// Runs a function on a thread and waits for it no longer than the run may last. A thread that a
// library holds in a call without a time-out (a connect, a name look-up) is left behind: the run's
// report must be written in time, and the process ends soon after. So whatever the function uses
// must be owned by it or live as long as the process.
template <typename Value>
class Side {
 public:
  explicit Side(std::function<Value()> read) : state_(std::make_shared<State>()) {
    // Signals go to the thread that waits: a library that a side calls need not bear EINTR.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([state = state_, read = std::move(read)]() mutable {
      const auto begin = std::chrono::steady_clock::now();
      std::variant<Value, std::exception_ptr> outcome = std::exception_ptr{};
      try {
        outcome.template emplace<0>(read());
      } catch (...) {
        outcome = std::current_exception();
      }
      // What the function holds may refer to what the waiting thread is about to drop.
      read = nullptr;
      const std::lock_guard lock(state->mutex);
      state->outcome.emplace(std::move(outcome));
      state->duration = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begin);
      state->done.notify_all();
    }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  // What the function returned; throws what it threw. Once `stop` is due the function has
  // `kGrace` to say itself where it stood, then this throws Error{kInterrupted or kTimedOut}.
  // Call once.
  Value wait(const Stop& stop, const char* doing) {
    std::unique_lock lock(state_->mutex);
    const auto done = [&] { return state_->outcome.has_value(); };
    while (!done() && !stop.due()) state_->done.wait_for(lock, std::min(kTick, stop.remaining()));
    if (!state_->done.wait_for(lock, kGrace, done)) stop.check(doing);
    if (const auto* error = std::get_if<1>(&*state_->outcome)) std::rethrow_exception(*error);
    return std::move(std::get<0>(*state_->outcome));
  }

  // How long the function took; meaningful once `wait` has returned or thrown.
  std::chrono::milliseconds duration() const {
    const std::lock_guard lock(state_->mutex);
    return state_->duration;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<std::variant<Value, std::exception_ptr>> outcome;
    std::chrono::milliseconds duration{0};
  };
  // A condition variable cannot wait for a signal's flag, so the flag is looked at this often.
  static constexpr std::chrono::milliseconds kTick{50};
  static constexpr std::chrono::milliseconds kGrace{1500};

  std::shared_ptr<State> state_;
};

}  // namespace drift::check
