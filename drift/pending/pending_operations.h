// The operations of revisions at a ref, and what they do.
#pragma once

#include <string>
#include <vector>

#include "drift/base/stop.h"
#include "drift/pending/known_catalog.h"
#include "drift/pending/operation.h"
#include "migrations/alembic/version_locations.h"
#include "migrations/git/repository.h"

namespace drift::pending {

// The rules that are used where nobody says which server it is.
inline constexpr int kNewestServer = 18;
inline constexpr int kOldestServer = 11;

struct RevisionOperations {
  std::string revision, file, message;
  std::vector<Operation> operations;
  Locks tables;  // the strongest lock of each table that existed before
};

struct UpgradeOperations {
  std::vector<RevisionOperations> revisions;  // in upgrade order
  std::vector<std::string> warnings;
};

// Follows upgrade() of the revisions of `asked` (whole ids; those that the ref does not have are
// left out), or of all where `all`, taken as one upgrade in one transaction: a table that one of
// them creates is new to those after it. What comes before them in the graph is read too, for the
// foreign keys, indexes and types that it made. A graph with problems is read in the order of its
// files, and a warning says so.
// `catalog`: what the database holds before the first of them; null where it was not read.
// Throws what read_script_directory throws.
UpgradeOperations read_operations(const migrations::GitTree& tree,
                                  const migrations::ScriptSettings& settings,
                                  const std::vector<std::string>& asked, bool all,
                                  int server_version, const Stop& stop,
                                  const KnownCatalog* catalog = nullptr);

}  // namespace drift::pending
