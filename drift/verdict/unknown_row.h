// What a version row that is no revision may stand for.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "migrations/revision_graph.h"

namespace drift::production {
struct VersionTable;
}

namespace drift::verdict {

// Holds references to what it was made from.
class UnknownRows {
 public:
  UnknownRows(const migrations::RevisionGraph& graph, const production::VersionTable& table);

  struct Explanation {
    // The end of "version row 'x' is not a revision of this ref", such as
    // "; it abbreviates 'x1y2z3'"; empty where it is like nothing here.
    std::string likeness;
    std::string action;
    // Whether it may be a revision of another place all the same: it is like nothing here, or only
    // begins like something.
    bool worth_a_search = false;
  };
  // `row` is no id of the graph. Alembic itself takes an abbreviation, a branch label or "head" for
  // a revision, and then fails in the middle of an upgrade; a row written so was written by hand.
  Explanation operator()(const std::string& row) const;

 private:
  const migrations::RevisionGraph& graph_;
  const production::VersionTable& table_;
  // Ids in lower case; the first in order of ids where several are alike.
  std::unordered_map<std::string, migrations::RevisionGraph::Index> by_lower_case_;
};

}  // namespace drift::verdict
