#include "drift/check/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"

namespace drift::check {
namespace {

constexpr std::chrono::milliseconds kPatience{1'000};
constexpr std::chrono::milliseconds kPause{200};
constexpr std::size_t kWidth = 79;
// Erase in Line, ECMA-48 8.3.41.
constexpr std::string_view kErase = "\x1b[K";

bool watched() {
  const std::string kind = environment_or_empty("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !kind.empty() && kind != "dumb";
}

void write(const std::string& text) {
  try {
    write_fully(STDERR_FILENO, text);
  } catch (const Error&) {
    // Whoever watched has gone.
  }
}

}  // namespace

Progress::Progress() : terminal_(watched()), next_(Clock::now() + kPatience) {}

bool Progress::due() const { return terminal_ && Clock::now() >= next_; }

void Progress::show(const std::string& line) {
  if (!due()) return;
  next_ = Clock::now() + kPause;
  shown_ = true;
  // The cursor goes back, so that a warning of another thread begins a line of its own.
  write(std::string(kErase) + shortened(line, kWidth) + "\r");
}

std::string shown_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kKibi = 1024;
  if (bytes < kKibi) return fmt::format("{} bytes", bytes);
  if (bytes < kKibi * kKibi) return fmt::format("{} KiB", bytes / kKibi);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (kKibi * kKibi));
}

ProgressWhile::ProgressWhile(std::function<std::string()> line) {
  if (!progress_.is_watched()) return;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals go to who waits
  thread_ = std::thread([this, line = std::move(line)] { show(line); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ProgressWhile::~ProgressWhile() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void ProgressWhile::show(const std::function<std::string()>& line) {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kPause, [&] { return over_; })) {
    if (progress_.due()) progress_.show(line());
  }
}

void Progress::clear() {
  if (shown_) write(std::string(kErase));
  shown_ = false;
}

}  // namespace drift::check
