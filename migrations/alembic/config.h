// alembic.ini and pyproject.toml: where they are in a tree, and what they say about where the
// migrations are.
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

// Values as Alembic's Config would give them, interpolated, paths as written.
struct AlembicConfig {
  std::optional<std::string> script_location;
  // "path:line" of script_location and version_locations, for messages; "" where not set.
  std::string script_location_place, version_locations_place;
  // Already split as path_separator, version_path_separator or the legacy rule says.
  std::vector<std::string> version_locations;
  std::vector<std::string> prepend_sys_path;
  bool recursive_version_locations = false;
  bool sourceless = false;
  std::vector<std::string> warnings;
};

// Stands for `%(here)s`: the folder of the ini is known only as a place in the tree, so absolute
// paths begin with this mark, followed by that folder; whoever resolves paths strips it.
inline constexpr std::string_view kTreeRoot = "/\x01tree";

// `ini`: the text of alembic.ini, where there is one; `pyproject`: that of pyproject.toml beside
// it, whose [tool.alembic] counts for each key that the ini lacks (Alembic 1.16 and later).
// `ini_path`, `pyproject_path`: for messages and for `here`. `section`: Alembic's --name.
// Throws Error{kAlembicIniInvalid} with path:line for what Python's ConfigParser or tomllib would
// refuse (a duplicate key, a bad interpolation, a line that is no option), for a section that the
// ini lacks (unless [tool.alembic] stands in), and for a version_locations that Alembic would take
// for one path although it spans several lines: there Alembic finds no migration and says nothing.
AlembicConfig read_alembic_config(const std::optional<std::string>& ini, std::string_view ini_path,
                                  const std::optional<std::string>& pyproject,
                                  std::string_view pyproject_path, std::string_view section);

}  // namespace drift::migrations
