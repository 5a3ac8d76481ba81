#include "drift/check/progress.h"

#include <unistd.h>

#include <string_view>

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

void Progress::clear() {
  if (shown_) write(std::string(kErase));
  shown_ = false;
}

}  // namespace drift::check
