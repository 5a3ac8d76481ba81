// Who calls AWS, from where, and by which clock.
#pragma once

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

// The rows region, credentials and clock. A missing region or credentials that AWS refuses fail; an
// STS that cannot be reached is kUnknown, because the nightly run need not reach it. `in_lambda`:
// the keys of the environment are renewed by Lambda.
Outcomes examine_identity(const check::Run& run, bool in_lambda, const Stop& stop);

// The clock's row, where AWS's said `server` while ours said `ours`.
Outcome clock_outcome(TimePoint ours, TimePoint server);

}  // namespace drift::doctor
