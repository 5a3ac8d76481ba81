// The comparison of many version tables of one database with one graph. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drift/verdict/verdict.h"
#include "migrations/revision_graph.h"

namespace drift::production {
struct Tenants;
}

namespace drift::verdict {

struct TenantVerdict {
  std::string tenant;  // its schema
  Status status = Status::kError;
  std::string reason;                            // Verdict::reason
  std::vector<std::string> production_versions;  // distinct rows, sorted
  std::size_t pending = 0;
  std::string failure_kind, failure;  // of an error
};

struct TenantsVerdict {
  // The worst of all: synced only where every tenant was read and is.
  Status status = Status::kError;
  std::string reason;  // of unversioned, that of the first such tenant
  std::vector<std::string> codebase_heads;
  std::vector<std::string> production_versions;           // of all tenants, distinct, sorted
  std::vector<migrations::RevisionGraph::Index> pending;  // of the tenant that lacks most
  std::vector<TenantVerdict> tenants;                     // in the order given
  // One for each verdict that tenants have, and what the tenant that lacks most lacks.
  std::vector<Finding> findings;
  std::vector<std::string> warnings;
};

// Requires a graph that was built without problems, and at least one tenant.
TenantsVerdict compare(const migrations::RevisionGraph& graph, const production::Tenants& tenants);

// Of two, the one that a person should hear of first: not knowing, then what Alembic itself would
// stumble over, then what is missing.
Status worse(Status one, Status other);

}  // namespace drift::verdict
