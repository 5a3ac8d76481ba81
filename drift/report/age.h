// How long ago something was, in words.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "drift/base/clock.h"

namespace drift::report {

// "3 days", "5 hours", "less than an hour".
std::string time_span(std::chrono::seconds span);

// Whether a time that is read at `now` can be true: it is not later, and it is of 2005 or after.
// Git began in that year and Alembic in 2011, so an earlier time was written by a clock that nobody
// had set (most begin in 1970), or by hand.
bool can_have_been(TimePoint then, TimePoint now);

// How long before `now` it was; nothing where that cannot be.
std::optional<std::string> age(TimePoint then, TimePoint now);

}  // namespace drift::report
