// What upgrade() of revisions says, read once and judged for one database after the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drift/pending/pending_operations.h"
#include "migrations/revision_graph.h"

namespace drift::pending {

// What read_operations() does, in two steps, for whoever asks for the operations more than once:
// what the files say, which no database changes, and what that does to one. Immutable, for any
// thread.
class Upgrades {
 public:
  // As read_operations(). `graph`: that of `tree`, where it is known and has no problem; else the
  // script directory is read for it.
  static Upgrades read(const migrations::GitTree& tree, const migrations::ScriptSettings& settings,
                       const std::vector<std::string>& asked, bool all, const Stop& stop,
                       const migrations::RevisionGraph* graph = nullptr);
  Upgrades(Upgrades&&) noexcept;
  Upgrades& operator=(Upgrades&&) noexcept;
  ~Upgrades();

  // `catalog`: what the database holds before the first of them; null where it was not read.
  UpgradeOperations operations(int server_version, const KnownCatalog* catalog) const;

 private:
  struct Kept;
  explicit Upgrades(std::unique_ptr<Kept> kept);
  std::unique_ptr<Kept> kept_;
};

}  // namespace drift::pending
