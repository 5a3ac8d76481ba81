// What reading the history of a repository taught, for searches after it: in this run, and, by
// memory_file.h, in later ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "migrations/git/history.h"
#include "migrations/git/object_id.h"
#include "migrations/git/raw_object.h"

namespace drift::migrations {

// Each entry says what one object, or two, contain, and is found by their ids: it is true of every
// repository and for ever, wherever refs point, so that a force-push, a deleted branch or two runs
// at once need no care. Which commits there are, only the walk from today's refs tells.
//
// One thread at a time.
class HistoryMemory {
 public:
  struct KnownCommit {
    std::int64_t time = 0;
    const std::vector<ObjectId>* parents = nullptr;
    const std::vector<ObjectId>* state = nullptr;  // the tree of each folder, or kNoTree
  };

  // The number by which the calls below know these folders.
  std::size_t list_of(const std::vector<std::string>& folders);

  // Valid until `learn_commit`.
  std::optional<KnownCommit> commit(const ObjectId& id, std::size_t list) const;
  void learn_commit(const ObjectId& id, std::size_t list, const RawCommit& commit,
                    const std::vector<ObjectId>& state);

  // The migration files in which two trees differ (for_each_changed_file); null where that is not
  // known. Valid until the memory ends.
  const std::vector<FileChange>* changes(const ObjectId& before, const ObjectId& after,
                                         bool recursive) const;
  // Forgets them where there are very many: a tree can name one subtree many times.
  void learn_changes(const ObjectId& before, const ObjectId& after, bool recursive,
                     std::vector<FileChange> changes);

  // The revision id of a file; null where that is not known. `name` is "" unless the id depends on
  // the name of the file, too.
  const std::string* revision(const ObjectId& blob, std::string_view name) const;
  void learn_revision(const ObjectId& blob, std::string_view name, std::string id);

  // The versions folders of a commit, none where it has no script directory; null where that is not
  // known. `settings` is all that they depend on besides.
  const std::vector<std::string>* folders(const ObjectId& commit,
                                          const std::string& settings) const;
  void learn_folders(const ObjectId& commit, const std::string& settings,
                     std::vector<std::string> folders);

  // Of all changes together.
  static constexpr std::size_t kMostChangedBytes = std::size_t{32} << 20;

  // Entries since the beginning or `restore`.
  std::size_t learnt() const { return learnt_; }

  // All of it as bytes, and back. False, and nothing is known, for bytes that `stored` did not
  // give: those of another version of the program, whose reading may have been another, too; or
  // damaged ones.
  std::string stored() const;
  bool restore(std::string_view bytes);

 private:
  struct Commit {
    ObjectId id{};
    std::int64_t time = 0;
    std::vector<ObjectId> parents;
  };
  struct List {
    std::vector<std::string> folders;
    std::vector<std::vector<ObjectId>> states;
    std::map<std::vector<ObjectId>, std::uint32_t> place;  // in `states`
    std::vector<std::uint32_t> state_of;  // by the place of a commit; may be shorter
  };
  using Difference = std::tuple<ObjectId, ObjectId, bool>;

  void restore_from(std::string_view body);
  std::uint32_t state_in(List& list, const std::vector<ObjectId>& state);

  std::vector<Commit> commits_;
  std::unordered_map<ObjectId, std::uint32_t, IdHash> place_of_;
  std::vector<List> lists_;
  std::map<Difference, std::vector<FileChange>> changes_;
  std::map<std::pair<ObjectId, std::string>, std::string> revisions_;
  std::map<std::pair<ObjectId, std::string>, std::vector<std::string>> folders_;
  std::size_t learnt_ = 0, changed_bytes_ = 0;
};

}  // namespace drift::migrations
