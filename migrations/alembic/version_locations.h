// Where the migrations are: the script directory and its versions folders.
#pragma once

#include <string>
#include <vector>

#include "migrations/script_directory.h"

namespace drift::migrations {

struct VersionLocations {
  std::string script_location;       // path in the tree
  std::vector<std::string> folders;  // at least one, all of them exist
  bool recursive = false;
  bool sourceless = false;
  // The folders of sys.path when Alembic runs, as far as they lie in the tree.
  std::vector<std::string> import_roots;
  std::vector<std::string> warnings;
};

// Alembic resolves a relative path against the directory that it is run from, which no file tells:
// first the ini's folder is tried, then the root, and among two folders that exist the one that
// looks like a script directory wins. `pkg.sub:dir` is looked up where Python would import `pkg`
// from: https://alembic.sqlalchemy.org/en/latest/cookbook.html and `coerce_resource_to_filename`.
// Throws Error{kAlembicIniNotFound, kAlembicIniInvalid, kScriptDirectoryNotFound, kVersionsEmpty}.
VersionLocations find_version_locations(const GitTree& tree, const ScriptSettings& settings);

}  // namespace drift::migrations
