// The doctor's table, for a person and for a program.
#pragma once

#include <string>

#include "drift/base/clock.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

// A line for each check (state, check, about what, what was seen), below it what to do, and at the
// end how many there are of each state. A final newline. Control characters are escaped; `colour`
// adds SGR sequences to the states.
std::string to_text(const Outcomes& outcomes, bool colour);

// {"tool_version", "timestamp", "state", "checks": [{"check", "about", "state", "seen", "action"}]}
// with null where there is nothing to say. A final newline.
std::string to_json(const Outcomes& outcomes, TimePoint at);

}  // namespace drift::doctor
