// When a run must end: at its deadline, or because somebody asked it to.
#pragma once

#include <atomic>
#include <chrono>

namespace drift {

// Shared by everything that waits. Slow calls poll `wake_fd()` beside their own descriptor, or ask
// `check()` between steps; whoever cannot do either (a blocking connect inside a library) is left
// behind by its caller, which waits no longer than `remaining()`.
//
// Thread-safe. `request()` is async-signal-safe.
class Stop {
 public:
  using Clock = std::chrono::steady_clock;

  // A stop without a deadline.
  Stop();
  explicit Stop(std::chrono::milliseconds timeout);
  // A part of what `outer` bounds: due after `timeout`, and as soon as `outer` is. `outer` must
  // outlive it. To end it early, end `outer`: `request` is not for a part.
  Stop(std::chrono::milliseconds timeout, const Stop& outer);
  // Due after `timeout`, and as soon as `outer` is requested; its deadline does not count: what is
  // done once the time of `outer` is over must still end at a signal.
  struct RequestsOnly {};
  Stop(std::chrono::milliseconds timeout, const Stop& outer, RequestsOnly);
  ~Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  // Somebody (SIGTERM, SIGINT) wants the run to end now.
  void request() noexcept;
  bool requested() const noexcept {
    return requested_.load() || (outer_ != nullptr && outer_->requested());
  }

  // True once stop was requested or the deadline has passed.
  bool due() const noexcept;

  // Time left, never negative; hours where there is no deadline. Zero once stop was requested.
  std::chrono::milliseconds remaining() const noexcept;

  // Throws Error{kInterrupted} or Error{kTimedOut} when due.
  // `doing` completes the sentence "interrupted while ...".
  void check(const char* doing) const;

  // Becomes readable when stop is requested (never because of the deadline), and stays so.
  int wake_fd() const noexcept { return wake_fd_; }

 private:
  std::atomic<bool> requested_{false};
  bool has_deadline_ = false;
  Clock::time_point deadline_;
  const Stop* outer_ = nullptr;
  bool outer_deadline_counts_ = true;
  int wake_fd_ = -1;
};

}  // namespace drift
