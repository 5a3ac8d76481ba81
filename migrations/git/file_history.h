// Which commit brought a file in: a walk over raw commits and trees.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/base/stop.h"
#include "migrations/git/object_id.h"
#include "migrations/git/raw_object.h"

namespace drift::migrations {

// For each of `paths` (no symlinks on the way) the newest ancestor of `tip`, `tip` included, that
// has it while none of its parents do; nothing where history ends first. In the order of `paths`.
// A commit whose parents are missing introduces nothing: whether they had the file is not known.
//
// Reads each commit and its root tree once, the tree of a folder only where it changed, and stops
// when every path is found. Throws Error{kRepositoryUnreadable} for an object that is no commit or
// tree, and what `Stop::check` throws.
std::vector<std::optional<ObjectId>> introducing_commits(const ObjectId& tip,
                                                         const std::vector<std::string>& paths,
                                                         const ReadObject& read, const Stop& stop);

}  // namespace drift::migrations
