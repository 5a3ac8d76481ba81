// Points in time as people type them.
#pragma once

#include <optional>
#include <string>

#include "drift/base/clock.h"

namespace drift::cli {

// "2026-11-20" (its first second in UTC), RFC 3339 ("2026-11-20T09:00:00+01:00"), or a distance
// from `now`: "7d", "36h"; into the past, or (`ahead`) into the future.
// Nothing for any other text.
std::optional<TimePoint> time_of(const std::string& text, TimePoint now, bool ahead);

}  // namespace drift::cli
