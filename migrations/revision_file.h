// Makes a revision of the variables of one migration file, as Alembic's Script does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/alembic/problem.h"
#include "migrations/python/module_variables.h"
#include "migrations/revision.h"

namespace drift::migrations {

struct RevisionFile {
  // Set exactly where `problems` is empty.
  std::optional<Revision> revision;
  std::vector<Problem> problems;
  std::vector<std::string> warnings;
};

// `path` in the tree gives the messages their place and, for a file without the variable
// `revision` whose whole name is hexadecimal digits and ".py", the id (Alembic 0.1).
RevisionFile revision_from(const ModuleVariables& variables, const std::string& path);

}  // namespace drift::migrations
