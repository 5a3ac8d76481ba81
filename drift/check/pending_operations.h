// What the pending revisions of a report would do.
#pragma once

#include "drift/check/check.h"
#include "drift/check/impact_reading.h"

namespace drift::check {

// Of the report of one among several targets, for they are held until all of the run was told.
inline constexpr std::size_t kMostOperationsOfSeveral = 100;

// Whether there is anything to read of them: nothing where no revision is pending, or where the
// verdict itself could not be told.
bool wants_operations(const report::Report& report);

// Reads the operations of the report's pending revisions, and by `tables` the tables that they are
// about; keeps at most `most` operations. Whatever goes wrong is said in the report and costs
// nothing else: throws nothing. Holds `codebase.comparing` while it reads the repository, and not
// while it asks for the tables; whoever calls it must not hold it.
void add_operations(report::Report& report, const Codebase& codebase,
                    const migrations::ScriptSettings& script, const TablesReader& tables,
                    std::size_t most, const Stop& stop);

// Of a report where whoever asked minds operations of at least `fail_on` and not that revisions are
// pending: of `behind` 1 where one is that severe, 2 where they were not read, else 0; of any other
// verdict its own.
int gated_exit_code(const report::Report& report, pending::Severity fail_on);

// Whether one of them is that severe, or was not kept.
bool any_at_least(const std::vector<pending::RevisionOperations>& revisions,
                  pending::Severity severity);

}  // namespace drift::check
