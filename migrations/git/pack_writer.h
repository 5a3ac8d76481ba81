// A pack that comes from somebody else, into an object database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drift/base/stop.h"
#include "migrations/git/library.h"
#include "migrations/git/pack_guard.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

// libgit2's indexer, behind our guard. It puts deltas together, names each object by its hash and
// compares the pack's checksum. Whether everything that an object refers to is there it is not
// asked, because a pack of a partial clone lacks it on purpose: who reads an object learns that it
// is missing.
//
// Nothing is seen of the pack before `finish`; of one that is not finished nothing stays.
class PackWriter {
 public:
  // `clone`: the path of the bare clone. All must outlive it. Throws Error{kCacheUnusable}.
  PackWriter(const std::string& clone, const RepositoryLocation& location, const PackLimits& limits,
             const Stop& stop);
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  // Throws Error{kRepositoryUnreadable} for what is no pack or beyond the limits,
  // Error{kCacheUnusable} where it cannot be written, and what `Stop::check` throws.
  void take(std::string_view bytes);
  // The same, and where the pack has not come to its end. The number of objects.
  std::uint32_t finish();

 private:
  void check(int code) const;
  Error cannot_be_written(const std::string& why) const;

  const RepositoryLocation& location_;
  const Stop& stop_;
  PackGuard guard_;
  Handle<git_indexer, git_indexer_free> indexer_;
  git_indexer_progress progress_{};
};

// Removes what writers that were killed have left in the clone. Requires that none writes now.
void remove_unfinished_packs(const std::string& clone);

}  // namespace drift::migrations
