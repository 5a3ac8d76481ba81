// What reports note of the files of applied revisions, so that a later run sees when one changed.
#pragma once

#include <optional>
#include <vector>

#include "drift/base/stop.h"
#include "drift/check/codebase.h"
#include "drift/report/report.h"

namespace drift::report {
struct StoredReport;
}

namespace drift::check {

// Alembic never runs a revision twice: who changes its file after it ran leaves production as it
// was, and nothing tells. A list of every applied file would make each report of 3,000 revisions
// 200 KB larger, so a report holds their number and one digest. What changed is read from the
// commit of the report before, which mostly is still in the repository.

// Of the revisions of `applied` (one flag for each of the graph).
report::AppliedRecord record_of(const Codebase& codebase, const std::vector<bool>& applied);

// Compares what `before` recorded with what is there now, and adds what changed to
// `report.applied`, with what earlier runs noted, and to the warnings. Nothing where one of the two
// has no record, or they are of other places.
// Throws what GitRepository throws.
void note_changes(report::Report& report, const report::StoredReport& before,
                  const Codebase& codebase, const CodebaseSettings& settings, const Stop& stop);

}  // namespace drift::check
