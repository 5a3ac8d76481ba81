// Something wrong with a migration file, or with the graph that the files form together.
#pragma once

#include <string>
#include <vector>

#include "drift/base/error.h"

namespace drift::migrations {

// A value, not an exception: a script directory can have many, and callers choose what to do.
struct Problem {
  Fault kind = Fault::kSyntax;
  // Lower case, no full stop; begins with "path:line: " where one line is to blame.
  std::string message;
  std::string hint;
  // Paths in the tree of every file involved, in the order the message names them.
  std::vector<std::string> files;
};

}  // namespace drift::migrations
