// Which files of the versions folders Alembic would load.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrations/alembic/problem.h"
#include "migrations/git/repository.h"

namespace drift {
class Stop;
}

namespace drift::migrations {

struct VersionFile {
  std::string path;  // with every symlink resolved, as Alembic resolves it
  TreeEntry entry;
};

struct VersionFiles {
  // In the order in which Alembic loads them: folder by folder as given, each sorted by name.
  std::vector<VersionFile> files;
  std::vector<Problem> problems;
  std::vector<std::string> warnings;
  // Folders right below the given ones that were not entered.
  std::vector<std::string> skipped_folders;
};

// `re.match(r"(?!\.\#|__init__)(.*\.py)$", name)` of alembic/script/base.py.
bool counts_as_migration(std::string_view name);

// `folders` exist. Not `recursive`: only the files right in them; else all below, but for files
// whose own folder ends in "__pycache__". Symlinked folders are not descended into, as in Alembic;
// a file that is reached twice is loaded once, with a warning.
// Throws Error{kUnsupported} for a submodule below a recursive folder, and, where `sourceless`, for
// a compiled migration without its source.
VersionFiles list_version_files(const GitTree& tree, const std::vector<std::string>& folders,
                                bool recursive, bool sourceless, const Stop& stop);

}  // namespace drift::migrations
