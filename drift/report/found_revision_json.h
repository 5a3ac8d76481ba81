// Where a revision was found in git, as JSON: what `explain` prints and what reports hold.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "migrations/revision_search.h"

namespace drift::report {

// {revision, found, file, message, refs, introduced, removed, searched}. At most `most_refs` refs.
nlohmann::ordered_json found_revision_json(const migrations::FoundRevision& found,
                                           const std::string& ref, bool shallow,
                                           std::size_t most_refs = SIZE_MAX);

}  // namespace drift::report
