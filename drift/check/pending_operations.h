// What the pending revisions of a report would do.
#pragma once

#include "drift/check/check.h"
#include "drift/check/impact_reading.h"

namespace drift::check {

// Reads the operations of the report's pending revisions, and by `tables` the tables that they are
// about. Whatever goes wrong is said in the report and costs nothing else; throws
// Error{kInterrupted} alone. The codebase is for one thread at a time.
void add_operations(report::Report& report, const Codebase& codebase,
                    const migrations::ScriptSettings& script, const TablesReader& tables,
                    const Stop& stop);

}  // namespace drift::check
