// Where production stands when rows of it are revisions of other branches.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "migrations/revision_graph.h"
#include "migrations/revision_search.h"

namespace drift::verdict {

// What a search of the repository gave for rows that the ref does not have.
struct Elsewhere {
  std::string ref;                    // as people name it
  migrations::RevisionSearch search;  // search_rows, of some of the rows
  // Why it did not come to its end: completes "was not searched to the end: "; "" where it did.
  std::string ended_because;

  const migrations::FoundRevision* find(const std::string& row) const;
};

// What of the ref is applied, counted over the ancestors of all rows, those of other places too.
struct Standing {
  // One flag for each revision of the ref.
  std::vector<bool> applied;
  // Applied revisions of the ref that no other applied one follows: where the lines part. Sorted.
  std::vector<std::string> common_base;
  // A row that is an ancestor of another row.
  struct Redundant {
    std::string row, covered_by;
    auto operator<=>(const Redundant&) const = default;
  };
  std::vector<Redundant> redundant;
};

// Why that cannot be told; completes "it cannot be told: ".
struct Doubt {
  std::string reason;
};

// `rows` are distinct and at least one is no id of `graph`. Doubt wherever
// - a row was not found, or its ancestors are not known;
// - two places, or one of them and the ref, have a revision of one id with other ancestors;
// - or with other contents and no Create Date that shows that they are the same migration: ids that
//   people count up by hand meet;
// - what is applied would differ with the commit from which a row was applied.
std::variant<Standing, Doubt> stand(const migrations::RevisionGraph& graph,
                                    const std::vector<std::string>& rows,
                                    const Elsewhere& elsewhere);

}  // namespace drift::verdict
