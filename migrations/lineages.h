// All the ways in which the commits of a repository have the ancestors of a revision.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migrations/git/history.h"
#include "migrations/held_revisions.h"
#include "migrations/revision_search.h"

namespace drift::migrations {

// A branch that is brought up to date gives its migrations another down_revision, and which of the
// two a database ran, its version row does not tell. So the newest commit alone says too little.
class Lineages {
 public:
  // `held` are the revisions asked about, in all of `history`. All must outlive it.
  Lineages(const GitRepository& repository, const History& history,
           const std::vector<std::string>& folders, bool recursive, const ScriptSettings& settings,
           const HeldRevisions& held, const Stop& stop)
      : repository_(repository),
        history_(history),
        folders_(folders),
        recursive_(recursive),
        settings_(settings),
        held_(held),
        stop_(stop) {}

  // Sets `lineages` and `lineage_unknown_because`. `place` is a commit that has the revision.
  // Looked at are the revision and those of its ancestors that are not among `ids_at_ref`: what the
  // ref has is compared with the ref. Throws what `Stop::check` throws.
  void add_to(FoundRevision& found, History::Index place,
              const std::set<std::string>& ids_at_ref) const;

  // A revision that was rewritten more often is left undecided.
  static constexpr std::size_t kMost = 8;

 private:
  bool read_first(FoundRevision& found, History::Index place) const;
  void add_others(FoundRevision& found, const HeldRevisions& held,
                  const std::vector<std::string>& ids) const;

  const GitRepository& repository_;
  const History& history_;
  const std::vector<std::string>& folders_;
  bool recursive_;
  const ScriptSettings& settings_;
  const HeldRevisions& held_;
  const Stop& stop_;
};

}  // namespace drift::migrations
