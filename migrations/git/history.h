// The history of some folders: every commit that some tips reach, with the trees of the folders.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "drift/base/stop.h"
#include "migrations/git/object_id.h"
#include "migrations/git/raw_object.h"

namespace drift::migrations {

class HistoryMemory;

// About 100 bytes a commit, whatever the commits hold.
struct History {
  using Index = std::uint32_t;
  struct Commit {
    ObjectId id{};
    std::uint32_t state = 0;  // index into `states`
    std::uint32_t first_parent = 0, end_of_parents = 0;
    bool complete = true;  // false where a parent is not in the repository: history ends there
  };

  // Each once; children before parents, and otherwise the newest first.
  std::vector<Commit> commits;
  std::vector<Index> parents;
  // What the folders can look like: the tree of each, or kNoTree. The first is that of no folder.
  std::vector<std::vector<ObjectId>> states;
  std::unordered_map<ObjectId, Index, IdHash> index_of;
  bool shallow = false;  // some commit is not complete

  std::span<const Index> parents_of(Index commit) const {
    const Commit& one = commits[commit];
    return std::span(parents).subspan(one.first_parent, one.end_of_parents - one.first_parent);
  }
  // One flag for each commit: whether it is one of `tips` or an ancestor of one.
  std::vector<bool> reached_from(const std::vector<Index>& tips) const;
};

// `tips` that the repository does not have are left out. `folders` are paths without symlinks.
// Reads each commit and its root tree once, a tree below it once; nothing of a commit that `memory`
// knows, where `has` says that the repository has it (still, of a clone that was made shallow).
// What it reads `memory` knows then. Throws Error{kRepositoryUnreadable} for an object that is no
// commit or tree, and what `Stop::check` throws.
History read_history(const std::vector<ObjectId>& tips, const std::vector<std::string>& folders,
                     const ReadObject& read, const std::function<bool(const ObjectId&)>& has,
                     HistoryMemory& memory, const Stop& stop);

// A file that differs between two trees of a folder.
struct FileChange {
  std::string path;  // relative to the folder
  // The contents; nothing where it is not there, or is no regular file.
  std::optional<ObjectId> before, after;
  bool becomes_link = false;  // it is a symlink in the later tree
};

// Calls `tell` for each, below subfolders only where `recursive`. Either tree may be kNoTree.
// Keeps no list, so that a tree that names one subtree many times costs time, which `stop` ends,
// and no memory.
void for_each_changed_file(const ObjectId& before, const ObjectId& after, bool recursive,
                           const ReadObject& read, const Stop& stop,
                           const std::function<void(const FileChange&)>& tell);

}  // namespace drift::migrations
