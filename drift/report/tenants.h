// What a report of a database with many tenants owes to the one before it, and how it is shown.
#pragma once

#include <string>
#include <string_view>

#include "drift/report/report.h"

namespace drift::report {

// Tenants of `previous`, the target's report before this one, that `report` does not have are gone:
// a row and a finding say so, once. Where `report` could not read its tenants at all, it keeps
// their names, so that the next one can tell. Requires that the target is one with tenants. What is
// no report is passed over.
void compare_tenants_with(Report& report, std::string_view previous);

// "315 tenants: 312 synced, 3 behind (a, b, c)".
std::string tenants_in_short(const std::vector<TenantRow>& tenants);

}  // namespace drift::report
