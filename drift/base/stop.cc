#include "drift/base/stop.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include "drift/base/error.h"

namespace drift {

Stop::Stop() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Stop::Stop(std::chrono::milliseconds timeout) : Stop() {
  has_deadline_ = true;
  deadline_ = Clock::now() + timeout;
}

// The copy of the descriptor shares the event, so a wait on the part wakes with the whole.
Stop::Stop(std::chrono::milliseconds timeout, const Stop& outer)
    : has_deadline_(true),
      deadline_(Clock::now() + timeout),
      outer_(&outer),
      wake_fd_(::fcntl(outer.wake_fd_, F_DUPFD_CLOEXEC, 0)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "fcntl");
}

Stop::Stop(std::chrono::milliseconds timeout, const Stop& outer, RequestsOnly)
    : Stop(timeout, outer) {
  outer_deadline_counts_ = false;
}

Stop::~Stop() { ::close(wake_fd_); }

void Stop::request() noexcept {
  requested_.store(true);
  const std::uint64_t one = 1;
  // The counter never overflows: a full one is readable already, which is all that matters.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

bool Stop::due() const noexcept {
  return requested() || (has_deadline_ && Clock::now() >= deadline_) ||
         (outer_ != nullptr && outer_deadline_counts_ && outer_->due());
}

std::chrono::milliseconds Stop::remaining() const noexcept {
  using std::chrono::milliseconds;
  if (requested()) return milliseconds{0};
  milliseconds left = std::chrono::hours{24};
  if (outer_ != nullptr && outer_deadline_counts_) left = outer_->remaining();
  if (has_deadline_) {
    left = std::min(left, std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now()));
  }
  return std::max(left, milliseconds{0});
}

void Stop::check(const char* doing) const {
  if (requested()) {
    throw Error{Fault::kInterrupted, std::string("interrupted while ") + doing,
                "nothing was changed; run it again"};
  }
  if (due()) {
    throw Error{Fault::kTimedOut, std::string("out of time while ") + doing,
                "raise --timeout, or find out what is slow"};
  }
}

}  // namespace drift
