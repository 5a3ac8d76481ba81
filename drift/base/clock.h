// Wall-clock time, injected so that reports can be compared byte for byte in tests.
#pragma once

#include <chrono>
#include <string>

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

// The same instant in the basic form that file names use: "20261120T030000Z".
std::string basic_timestamp(TimePoint time);

}  // namespace drift
