// Since when migrations are at a ref, where the history may have to be fetched first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/stop.h"
#include "migrations/git/repository.h"
#include "migrations/revision.h"

namespace drift::migrations {

// When a file says that it was created ("Create Date" of its docstring), to the day; nothing where
// it says nothing that can be read.
std::optional<TimePoint> created_on(const Revision& revision);

struct Introductions {
  std::vector<std::optional<Commit>> commits;  // as GitRepository::introductions gives them
  // False where history that might have told was left out: it is larger than
  // RemoteAccess::max_history_bytes.
  bool asked_for_all = true;
};

// For each of `revisions` the commit that introduced its file at `at`. A repository that fetches
// history is asked for it back to the oldest day on which one was created, then further, until each
// is found. Throws as GitRepository::introductions and GitRepository::deepen.
Introductions find_introductions(const GitRepository& repository, const Commit& at,
                                 const std::vector<const Revision*>& revisions, const Stop& stop);

}  // namespace drift::migrations
