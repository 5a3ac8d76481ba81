// Finds and reads the migrations in the tree of a commit.
#pragma once

#include <string>
#include <vector>

#include "migrations/alembic/problem.h"
#include "migrations/alembic/version_locations.h"
#include "migrations/revision.h"

namespace drift {
class Stop;
}

namespace drift::migrations {

struct ScriptDirectory {
  std::string script_location;  // path in the tree
  std::vector<std::string> version_locations;
  std::vector<Revision> revisions;
  // Files that could not be read, in the order of their names.
  std::vector<Problem> problems;
  std::vector<std::string> warnings;
};

// Reads every migration of the script directory. Files that cannot be read become problems, so
// that all are reported at once.
// Throws Error{kAlembicIniNotFound, kAlembicIniInvalid, kScriptDirectoryNotFound, kVersionsEmpty,
// kUnsupported}: a configuration that leads to no migrations is never an empty graph.
ScriptDirectory read_script_directory(const GitTree& tree, const ScriptSettings& settings,
                                      const Stop& stop);

}  // namespace drift::migrations
