// One migration as its file declares it.
#pragma once

#include <string>
#include <vector>

#include "migrations/git/object_id.h"

namespace drift::migrations {

// The variables of one file of a versions folder, as Alembic's ScriptDirectory reads them:
// https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script
struct Revision {
  std::string id;
  // Parents, without repetitions, in the order written; empty for a base.
  std::vector<std::string> down_revisions;
  // depends_on as written: exact ids or branch labels.
  std::vector<std::string> dependencies;
  // branch_labels as declared in this file (the graph spreads them).
  std::vector<std::string> branch_labels;
  // From the docstring; shown to people, never used for the graph.
  std::string message;
  std::string create_date;
  // Path of the file in the tree, "migrations/versions/1a2b_x.py".
  std::string path;
  ObjectId blob{};  // its contents
};

}  // namespace drift::migrations
