// The reports of a while as one HTML page.
#pragma once

#include <string>
#include <vector>

#include "drift/report/target_history.h"

namespace drift::report {

// One file that needs no other: style and pictures (SVG) stand inside, no script, nothing is
// fetched. Light and dark as the reader's system is, and printable. Texts from repositories,
// databases and servers are escaped; control characters are shown.
std::string history_page(const std::vector<TargetHistory>& targets, const Period& period);

}  // namespace drift::report
