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
RevisionFile revision_from(ModuleVariables variables, const std::string& path);

// The parts of a docstring that reports show. Its "Revision ID" and "Revises" lines are left out on
// purpose: only the variables count, and the lines are often wrong.
struct DocstringFacts {
  // The first paragraph, as Alembic's `Script.doc` gives it: what stands before the first empty
  // line once white space is stripped from both ends. May hold several lines.
  std::string message;
  // The rest of the first "Create Date:" line, as written; empty where there is none.
  std::string create_date;
};

// `docstring` is UTF-8 with its escapes decoded, as ModuleVariables::docstring.
DocstringFacts read_docstring(std::string_view docstring);

}  // namespace drift::migrations
