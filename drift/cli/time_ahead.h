// Until when something is to hold that a person says.
#pragma once

#include <string>

#include "drift/base/clock.h"

namespace drift::cli {

// --until: a date, a time or a distance. Throws Error{kUsage} for what is none of these, is past,
// or is more than a year away: longer than that nobody remembers why.
TimePoint time_ahead(const std::string& until, TimePoint now);

}  // namespace drift::cli
