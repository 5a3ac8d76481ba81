// Revisions that were put below what production had already.
#pragma once

#include <string>
#include <vector>

#include "drift/base/stop.h"
#include "drift/check/codebase.h"

namespace drift::check {

// A warning for each revision of `applied` (one flag for each of the graph) that counts as applied
// only because an applied one follows it, while its file came to the ref when that one was there
// already: a database that had run that one never runs this one. Alembic sees no difference.
//
// History is read only where the Create Dates of the files are in the wrong order, which the ones
// of a branch that was brought up to date are as well; so a file without a Create Date is not
// looked at. At most kMostInserted, the newest first. Nothing is said where history ends too early.
// Throws what GitRepository throws.
inline constexpr std::size_t kMostInserted = 20;
std::vector<std::string> warnings_of_inserted(const Codebase& codebase,
                                              const std::vector<bool>& applied, const Stop& stop);

}  // namespace drift::check
