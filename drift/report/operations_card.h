// What pending revisions would do, as part of a target's card on the page.
#pragma once

#include <string>

#include "drift/report/stored_operations.h"

namespace drift::report {

// "" where there is no operation and nothing that kept them from being read. Texts are escaped, and
// at most kMostOperationsHeld operations shown; what is more is counted.
std::string operations_card(const StoredOperations& all);

}  // namespace drift::report
