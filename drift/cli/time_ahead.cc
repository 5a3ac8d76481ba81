#include "drift/cli/time_ahead.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/config/options.h"

namespace drift::cli {
namespace {

constexpr std::chrono::days kLongest{366};

}  // namespace

TimePoint time_ahead(const std::string& until, TimePoint now) {
  const auto time = time_of(until, now, /*ahead=*/true);
  if (!time) {
    throw config::invalid_value(
        "--until", until, "not a time",
        "give a date (2026-12-01), a time (2026-12-01T09:00:00Z) or a distance (14d, 36h)");
  }
  if (*time <= now) {
    throw Error{Fault::kUsage, fmt::format("--until {} is past", rfc3339(*time)),
                "give a time that is still to come"};
  }
  if (*time > now + kLongest) {
    throw Error{Fault::kUsage, fmt::format("--until {} is more than a year away", rfc3339(*time)),
                "choose a shorter time and look again then"};
  }
  return *time;
}

}  // namespace drift::cli
