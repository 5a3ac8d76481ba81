// Which of the revisions that somebody asks about are in the versions folders, commit by commit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "migrations/git/history.h"
#include "migrations/git/repository.h"

namespace drift::migrations {

// Whether `asked` abbreviates the revision id, as Alembic takes it: the id begins so, and has more
// than three characters. `_revision_for_ident` of alembic/script/revision.py.
bool abbreviates(std::string_view asked, std::string_view id);

// Ids that are asked about.
class AskedRevisions {
 public:
  void add_exact(const std::string& id) { exact_.insert(id); }
  // An id, or what abbreviates one.
  void add_open(const std::string& id);
  // What `add_open` was given are whole ids: version rows abbreviate nothing.
  void take_as_whole() { whole_ = true; }

  bool wants(const std::string& id) const;
  // The open ones, in the order of `add_open`, each once.
  const std::vector<std::string>& open() const { return open_; }
  bool whole() const { return whole_; }

 private:
  std::unordered_set<std::string> exact_, open_set_;
  std::vector<std::string> open_;
  std::size_t longest_ = 0;
  bool whole_ = false;
};

// The id, and the first paragraph of the docstring, of a file whose id is known; that of any other
// variable need not be.
struct MigrationText {
  std::string id, message;
};
std::optional<MigrationText> read_migration(std::string_view source, const std::string& path);

class HeldRevisions {
 public:
  struct Held {
    std::string id;
    std::string path;
    ObjectId blob{};
    bool operator==(const Held&) const = default;
  };

  // What could not be looked into.
  struct Unread {
    std::size_t files = 0;  // whose revision id cannot be known, or that are missing
    std::string example;    // the path of one of them
    bool links = false;     // there are symbolic links named like migrations: not followed
    // Of AskedRevisions::open those that an unread file may hold.
    std::unordered_set<std::string> perhaps;
  };

  // Looks into every state of `folders` in `history`, each file once. All must outlive it.
  // Throws Error{kUsage} where one abbreviates very many ids, and what `Stop::check` throws.
  HeldRevisions(const GitRepository& repository, const History& history,
                const std::vector<std::string>& folders, bool recursive,
                const AskedRevisions& asked, const Stop& stop);

  // Those asked about that the commit has, in no order.
  const std::vector<Held>& at(History::Index commit) const;
  const Held* find(History::Index commit, std::string_view id) const;
  // Whether the two have the same of them. True only where they do.
  bool same(History::Index a, History::Index b) const;

  const Unread& unread() const { return unread_; }

  // Calls `tell` with each migration file that differs between the two commits, its path whole.
  void for_each_change(History::Index before, History::Index after,
                       const std::function<void(const FileChange&)>& tell) const;

  static constexpr std::size_t kMostAbbreviated = 100;

 private:
  using List = std::shared_ptr<const std::vector<Held>>;

  void for_each_state(
      const std::function<void(std::uint32_t base, std::uint32_t state)>& tell) const;
  void for_each_change_of_state(std::uint32_t before, std::uint32_t after,
                                const std::function<void(const FileChange&)>& tell) const;
  List changed(const List& base, std::uint32_t before, std::uint32_t after);
  // The id of the file where it is asked about.
  std::optional<std::string> wanted_id(const ObjectId& blob, const std::string& path);
  void need_files();
  void note_unread(const std::string& path, const std::optional<std::string>& source);
  void count(const std::string& id);

  const GitRepository& repository_;
  const History& history_;
  const std::vector<std::string>& folders_;
  bool recursive_;
  const AskedRevisions& asked_;
  const Stop& stop_;
  std::vector<List> held_;  // by state; null for none
  std::unordered_set<ObjectId, IdHash> unread_before_;
  std::unordered_set<std::string> ids_;
  std::unordered_map<std::string, std::size_t> abbreviated_;
  Unread unread_;
};

}  // namespace drift::migrations
