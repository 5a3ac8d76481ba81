// Finds alembic.ini and pyproject.toml in a tree.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

class GitTree;

struct ConfigurationFiles {
  std::optional<std::string> ini, pyproject;  // their texts
  // Where they are; `ini_path` also where there is none, for messages.
  std::string ini_path, pyproject_path;
  std::vector<std::string> warnings;

  bool found() const { return ini.has_value() || pyproject.has_value(); }
};

// With `given` (--alembic-ini) that file, which must exist; a pyproject.toml counts as Alembic's
// --config takes it, the alembic.ini beside it included. Else, in this order: alembic.ini or
// [tool.alembic] of pyproject.toml at the root, migrations/alembic.ini (Flask-Migrate), the only
// alembic.ini at most three folders deep (with a warning).
// `required`: throws Error{kAlembicIniNotFound} where none is found, naming those that exist.
ConfigurationFiles find_configuration(const GitTree& tree, const std::string& given, bool required);

// Paths of the files called `name` at most `depth` folders below the root, in the order of depth,
// then of names. The search lists a bounded number of folders and enters no symlink; `complete`
// says whether it saw everything.
struct FoundFiles {
  std::vector<std::string> paths;
  bool complete = true;
};
FoundFiles find_files(const GitTree& tree, std::string_view name, std::size_t depth);

}  // namespace drift::migrations
