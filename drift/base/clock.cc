#include "drift/base/clock.h"

#include <ctime>

namespace drift {
namespace {

std::string format_utc(TimePoint time, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, format, &utc)};
}

}  // namespace

TimePoint SystemClock::now() const {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string rfc3339(TimePoint time) { return format_utc(time, "%Y-%m-%dT%H:%M:%SZ"); }

std::string basic_timestamp(TimePoint time) { return format_utc(time, "%Y%m%dT%H%M%SZ"); }

}  // namespace drift
