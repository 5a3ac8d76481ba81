// Where the migrations are: the script directory and its versions folders.
#pragma once

#include <string>
#include <vector>

namespace drift::migrations {

class GitTree;

// What the user said on top of alembic.ini; empty means "as the ini says".
struct ScriptSettings {
  std::string alembic_ini;  // path in the tree; "" looks in the usual places
  std::string section = "alembic";
  std::string script_location;
  std::vector<std::string> versions_paths;
  bool recursive_version_locations = false;

  bool operator==(const ScriptSettings&) const = default;
};

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
