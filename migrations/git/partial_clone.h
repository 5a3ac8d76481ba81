// What was asked of a remote so far, kept in the cache: commits without their history, trees, and
// of the files those that somebody read. More is fetched as it is needed, by version 2 of git's
// protocol. https://git-scm.com/docs/partial-clone
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "migrations/git/clone.h"
#include "migrations/git/library.h"
#include "migrations/git/repository.h"
#include "migrations/git/repository_location.h"
#include "migrations/git/upload_pack.h"

namespace drift::migrations {

// Its folder is a bare repository without refs: those are asked for at each run. Whatever is in it
// is right to have, so that several runs may share it; each writes under the cache's lock.
//
// Its methods throw what UploadPack and PackWriter throw. One thread at a time.
class PartialClone {
 public:
  // Whether a server that can do this can give parts of a repository.
  static bool possible(const Capabilities& server);

  // Opens the store in the cache, or makes it anew where it is damaged or not there. `server` is
  // what `remote->greet()` gave. `stop` and `log` must outlive it.
  PartialClone(const RepositoryLocation& location, const RemoteAccess& access,
               std::unique_ptr<UploadPack> remote, const Capabilities& server, const Stop& stop,
               const Log& log);
  PartialClone(const PartialClone&) = delete;
  PartialClone& operator=(const PartialClone&) = delete;

  // Its repository and database. Both must outlive this.
  OpenRepository open();

  // Throws all of it away, where it turned out to be damaged. `open` must follow.
  void start_anew();

  // Asks for the refs that `ref` may stand for. The commit (or what an annotated tag leads to),
  // with all of its trees, or nothing where there is none. "" is HEAD. For an expression ("main~3")
  // the history of what it begins with is fetched as well, and "HEX~3" returned. Throws
  // Error{kCacheUnusable} where the commit is here and cannot be read.
  std::optional<std::string> expression_for(std::string_view ref);

  // Branches and tags of the remote, as people write them.
  std::vector<std::string> names();
  std::vector<RefTip> tips();

  // Fetches those of the objects that are not here, in one request: files, by their ids.
  void need_files(const std::vector<ObjectId>& ids);

  // Fetches commits and trees (where the server has no filter, files too) of what `commit` reaches,
  // back to `since`. False, with nothing fetched, where that takes more bytes than are left of
  // RemoteAccess::max_history_bytes. Whether it reaches as far the server decides.
  bool deepen(const ObjectId& commit, TimePoint since);

  // Fetches the whole history of `commit`, or of every branch and tag as well.
  void need_history(const ObjectId& commit, bool of_all_refs);

  FetchRecord record() const;

 private:
  struct Known {
    ObjectId id{};
    bool whole = false;  // with its files, and those of all that it reaches here
  };

  RepositoryCache locked() const;
  void make_store(RepositoryCache& cache) const;
  bool has(const ObjectId& id) const;
  bool knows(const ObjectId& commit) const;
  // Whether it and its root tree can be read.
  bool reads(const ObjectId& commit) const;
  bool resolves(const std::string& expression) const;
  Error damaged() const;
  // False where the server refuses.
  bool need_commits(const std::vector<ObjectId>& commits);
  // What the store has, as haves and shallow commits.
  FetchRequest request_for(const std::vector<ObjectId>& commits) const;
  enum class What { kCommits, kFiles };
  UploadPack::Outcome fetch(const FetchRequest& request, What what, std::uint64_t most_bytes);
  // False where the server refuses, `refusal_` says with which words.
  bool fetch_commits(const FetchRequest& request);
  Error refused() const;
  void note_shallow(const std::vector<ObjectId>& commits);
  void accept(const FetchRequest& request, const UploadPack::Outcome& outcome);
  const std::vector<RemoteRef>& all_refs();
  void read_state();
  void write_state() const;

  const RepositoryLocation location_;
  const RemoteAccess access_;
  std::unique_ptr<UploadPack> remote_;
  Capabilities server_;
  bool filtered_;
  const Stop& stop_;
  const Log& log_;
  std::string path_;
  git_odb* odb_ = nullptr;  // of `open`
  git_repository* repo_ = nullptr;
  std::vector<Known> known_;  // the newest last
  std::vector<ObjectId> shallow_;
  std::vector<ObjectId> asked_;                 // commits that this run wanted
  std::optional<std::vector<RemoteRef>> refs_;  // all
  std::string refusal_;
  std::uint64_t history_bytes_ = 0;
  bool history_is_here_ = false;                         // of what was asked for, since this run
  std::optional<std::pair<ObjectId, bool>> history_of_;  // that `need_history` brought
  unsigned fetches_ = 0;
};

}  // namespace drift::migrations
