// One target on the page: what it is, what to do, its line of time, and what lies behind it.
#pragma once

#include <string>

#include "drift/report/target_history.h"

namespace drift::report {

// Whether an acknowledgement that is in force covers everything that the last report found.
bool is_acknowledged(const TargetHistory& history, TimePoint now);

// A <section> with the target's name as its id. Links go to the runbook on the same page
// ("#do:STATUS": no target's name holds a colon) and to the commit's page where one is known.
std::string target_card(const TargetHistory& history, const Period& period);

}  // namespace drift::report
