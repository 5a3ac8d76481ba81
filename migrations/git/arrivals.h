// Which commit brought a file to a branch: a walk along first parents.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/base/stop.h"
#include "migrations/git/object_id.h"
#include "migrations/git/raw_object.h"

namespace drift::migrations {

// A commit of the branch itself: where a file came with a merge it is the merge, and the commit
// that introduced it (file_history.h) may be much older.
struct ArrivingCommit {
  ObjectId commit{};
  ObjectId before{};  // its first parent; kNoTree where it has none
};

// For each of `paths` (no symlinks on the way) the newest commit on the line of first parents from
// `tip`, `tip` included, that has it while its first parent has not; nothing where `tip` has no
// such file, or history ends first. In the order of `paths`.
//
// Reads each commit and its root tree once, the tree of a folder only where it changed, and stops
// when every path is found. Throws as introducing_commits.
std::vector<std::optional<ArrivingCommit>> arriving_commits(const ObjectId& tip,
                                                            const std::vector<std::string>& paths,
                                                            const ReadObject& read,
                                                            const Stop& stop);

}  // namespace drift::migrations
