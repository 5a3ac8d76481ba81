// Where revisions are in a repository: at a ref, at other branches and tags, or in their history.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "drift/base/stop.h"
#include "migrations/alembic/version_locations.h"
#include "migrations/git/repository.h"
#include "migrations/lineage.h"

namespace drift::migrations {

// A commit that lacks a revision that a parent of its own has.
struct Removal {
  Commit commit;
  std::optional<RefTip> line;  // a tip that contains the commit; nothing for the ref itself
  // The id that the file has there, "" where it cannot be known; nothing where the file is gone.
  std::optional<std::string> other;
  std::size_t others = 0;  // migration files that went with it
};

struct FoundRevision {
  enum class Where { kInRef, kElsewhere, kRemoved, kNowhere };
  std::string asked;
  std::string revision;  // the whole id; as asked where it is nowhere
  Where where = Where::kNowhere;
  // The file, at the ref, else at the newest tip that has it, else as it last was.
  std::string file;
  std::string message;
  std::vector<RefTip> tips;  // kElsewhere: all that have it
  // kElsewhere: the ref has the file, too (or alone), in a folder that its configuration does not
  // name.
  bool outside_folders = false;
  // The oldest commit that has the revision, of those that the ref, the tips or the removal reach;
  // nothing where history ends before it can be told.
  std::optional<Commit> introduced;
  // kRemoved: always. kElsewhere: where the ref once had it.
  std::optional<Removal> removed;
  std::size_t refs = 0, commits = 0;  // that were searched
  // kNowhere, and that kElsewhere the ref never had it: false where something that could not be
  // read may say otherwise.
  bool certain = true;
  // Of search_rows, where it is kElsewhere or kRemoved: its ancestors, as the commit of `file` has
  // them, and then in each other way in which some commit had them. `lineage_unknown_because` is
  // not empty where those that are here may not be all.
  std::vector<Lineage> lineages;
  std::string lineage_unknown_because;
};

struct RevisionSearch {
  std::vector<FoundRevision> revisions;  // in the order asked
  bool shallow = false;                  // history ends where the clone's does
  std::vector<std::string> warnings;
};

// `at_ref` is the tree that `ref` names in `repository`. Each of `asked` is an id, or what
// abbreviates one at the ref, else at the tips, else in the whole history.
//
// The folders are those of the script directory at the ref, at each tip, and at commits right
// before one of these folders came to be. The ref's graph need not be sound. Throws Error{kUsage}
// where one of `asked` is empty or ambiguous, and what read_script_directory and GitRepository
// throw.
RevisionSearch search_revisions(const GitRepository& repository, const GitTree& at_ref,
                                const std::string& ref, const ScriptSettings& settings,
                                const std::vector<std::string>& asked, const Stop& stop);

// The same for version rows (not empty, no ids of the ref): each is a whole id, so nothing is
// ambiguous, and those that are found have lineages.
RevisionSearch search_rows(const GitRepository& repository, const GitTree& at_ref,
                           const std::string& ref, const ScriptSettings& settings,
                           const std::vector<std::string>& rows, const Stop& stop);

}  // namespace drift::migrations
