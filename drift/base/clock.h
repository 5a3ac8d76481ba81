// Wall-clock time, injected so that reports can be compared byte for byte in tests, and its texts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace drift {

using TimePoint = std::chrono::sys_seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SystemClock : public Clock {
 public:
  TimePoint now() const override;
};

// RFC 3339 in UTC, whole seconds: "2026-11-20T03:00:00Z".
std::string rfc3339(TimePoint time);

// The inverse, and any other text of RFC 3339: with a fraction (cut off) or an offset ("+02:00");
// without an offset it is UTC. Nothing for other text.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

// The same instant in the basic form that file names use: "20261120T030000Z".
std::string basic_timestamp(TimePoint time);

// -------------------------------------------------------------- points in time as people type them

// "2026-11-20" (its first second in UTC), RFC 3339 ("2026-11-20T09:00:00+01:00"), or a distance
// from `now`: "7d", "36h"; into the past, or (`ahead`) into the future.
// Nothing for any other text.
std::optional<TimePoint> time_of(const std::string& text, TimePoint now, bool ahead);

}  // namespace drift
