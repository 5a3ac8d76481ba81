// Commits and trees as git stores them, for walks over whole histories: no parsed object is kept.
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrations/git/object_id.h"

namespace drift::migrations {

// Bytes of a commit or a tree, or nothing where the repository does not have the object: the
// history of a shallow clone ends that way. May throw.
using ReadObject = std::function<std::optional<std::string>(const ObjectId&)>;

struct IdHash {
  std::size_t operator()(const ObjectId& id) const noexcept {
    std::size_t value;  // an id is a hash already
    std::memcpy(&value, id.data(), sizeof value);
    return value;
  }
};

// Stands for "no such folder"; no object has this id.
constexpr ObjectId kNoTree{};

struct RawCommit {
  ObjectId tree{};
  std::vector<ObjectId> parents;
  std::int64_t time = 0;  // the committer's
};

// Throws Error{kRepositoryUnreadable} for bytes that are no commit.
RawCommit parse_commit(std::string_view raw);

enum class TreeEntryMode { kFile, kFolder, kLink, kSubmodule };

struct RawEntry {
  std::string_view name;
  TreeEntryMode mode = TreeEntryMode::kFile;
  ObjectId id{};

  bool is_folder() const { return mode == TreeEntryMode::kFolder; }
};

// Takes the next entry off the bytes of a tree; false at the end.
// Throws Error{kRepositoryUnreadable} for bytes that are no tree.
bool next_entry(std::string_view& raw, RawEntry& entry);

// Which of two entries comes first in a tree: below, above or 0.
int compare(const RawEntry& a, const RawEntry& b);

// "" for kNoTree. Throws Error{kRepositoryUnreadable} where the tree is missing.
std::string read_tree(const ObjectId& id, const ReadObject& read);

// Where some folders are in the root trees of many commits, which mostly share what is below.
class FolderTrees {
 public:
  // Paths without symlinks; "" is the root. `read` must outlive it.
  FolderTrees(const std::vector<std::string>& folders, const ReadObject& read);

  // The tree of each folder in the order given, or kNoTree. Reads the root tree once.
  std::vector<ObjectId> below(const ObjectId& root_id);

 private:
  struct Folder {
    std::vector<std::string> components;
    // Where a component leads from a tree that is not the root.
    std::vector<std::unordered_map<ObjectId, ObjectId, IdHash>> steps;
  };
  ObjectId resolve(Folder& folder, const ObjectId& root_id, std::string& root);

  const ReadObject& read_;
  std::vector<Folder> folders_;
};

}  // namespace drift::migrations
