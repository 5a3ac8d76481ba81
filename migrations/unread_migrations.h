// Migrations in subfolders of the versions folders, which the configuration does not count.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "migrations/revision.h"

namespace drift {
class Stop;
}

namespace drift::migrations {

class GitTree;
class ModuleSources;

struct UnreadMigrations {
  std::size_t count = 0;  // files that look like migrations: that hold the word down_revision
  std::string first;      // the path of one of them
  bool searched_all = true;

  // A file that goes on from a revision that was read: if Alembic reads it after all (locations can
  // be set in env.py), that revision is no head.
  struct Tie {
    std::string path;
    std::string variable;  // down_revision or depends_on
    std::string name;      // the revision, or the branch label, that it names
  };
  std::optional<Tie> tie;
};

// Looks through `folders` and all below them, but for `locations` (real paths), folders whose names
// end in "__pycache__", symlinks and submodules. No tie is a file that says word for word what a
// revision among `read` says. Of a file that cannot be evaluated the text decides.
// A bounded number of files. Throws as `GitTree::list` and `GitTree::read`.
UnreadMigrations find_unread_migrations(const GitTree& tree,
                                        const std::vector<std::string>& folders,
                                        const std::vector<std::string>& locations,
                                        const std::vector<Revision>& read, ModuleSources& modules,
                                        const Stop& stop);

}  // namespace drift::migrations
