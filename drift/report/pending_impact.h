// What the pending revisions would do to production's tables, as part of a report.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drift/impact/live_tables.h"
#include "drift/pending/pending_operations.h"

namespace drift::report {

struct PendingImpact {
  // Of pending revisions, by id; those that were not read are not there.
  std::vector<pending::RevisionOperations> revisions;
  std::size_t left_out = 0;  // operations beyond kMostOperations
  std::string why_not;       // where nothing could be read: a sentence
  impact::LiveTables live;
};

// Of one report: a database that is years behind has thousands.
inline constexpr std::size_t kMostOperations = 2'000;

const pending::RevisionOperations* operations_of(const PendingImpact& impact,
                                                 const std::string& revision);

// For a terminal; "" where nothing was read. Bounded.
std::string impact_text(const PendingImpact& impact);

}  // namespace drift::report
