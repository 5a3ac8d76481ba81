// The ancestors of a revision, as one commit of the repository has them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "drift/base/stop.h"
#include "migrations/alembic/version_locations.h"
#include "migrations/git/repository.h"
#include "migrations/revision.h"
#include "migrations/revision_graph.h"

namespace drift::migrations {

struct Lineage {
  std::string commit;  // 40 hex digits
  // The revision and all of its ancestors over down_revision and depends_on. `dependencies` are ids
  // here, and there are no branch labels: what they resolved to is known.
  std::vector<Revision> revisions;
};

// Why there is none.
struct NoLineage {
  std::string reason;  // completes "its ancestors are not known: "
  // Alembic refuses these migrations as well, so that no database can have got there by them.
  bool for_alembic_too = false;
};

// `revisions` of `graph` and all of their ancestors, as Lineage has them.
std::vector<Revision> with_ancestors(const RevisionGraph& graph,
                                     const std::vector<RevisionGraph::Index>& revisions);

// Reads the script directory at `commit` (40 hex digits). Throws what `Stop::check` throws.
std::variant<Lineage, NoLineage> read_lineage(const GitRepository& repository,
                                              const std::string& commit,
                                              const ScriptSettings& settings,
                                              const std::string& revision, const Stop& stop);

}  // namespace drift::migrations
