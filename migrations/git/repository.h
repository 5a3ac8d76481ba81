// Git objects straight from the object database, by libgit2.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/log.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"
#include "migrations/git/object_id.h"

namespace drift::migrations {

struct FileChange;
struct History;
class HistoryMemory;

struct Commit {
  std::string id;  // 40 hex digits
  TimePoint committed_at;
  std::string author;  // name only: a report needs no mail address
  std::string summary;
};

struct TreeEntry {
  enum class Kind { kFile, kDirectory, kSymlink, kSubmodule };
  std::string name;  // one path component, bytes as in the tree
  Kind kind = Kind::kFile;
  ObjectId object_id{};  // for a submodule the commit it points at
};

// A branch or a tag, and the commit that it names.
struct RefTip {
  enum class Kind { kBranch, kRemoteBranch, kTag };
  Kind kind = Kind::kBranch;
  std::string name;  // "main", "origin/main", "v1.0"
  ObjectId commit{};
};

// Everything under one commit. Paths are relative to the root, separated by '/', without "." and
// ".." components; "" is the root. Cheap to move; keeps the repository open. One thread at a time.
class GitTree {
 public:
  GitTree(GitTree&&) noexcept;
  GitTree& operator=(GitTree&&) noexcept;
  ~GitTree();

  const Commit& commit() const;

  // The entry itself, symlinks not followed in the last component (but followed in those before).
  std::optional<TreeEntry> entry(std::string_view path) const;

  // Entries of a folder in the order of their bytes; nothing where there is none (or it is no
  // folder). A symlink to a folder is followed.
  // Throws Error{kUnsupported} naming the path when it lies in a submodule, and
  // Error{kRepositoryUnreadable} when an object is missing or damaged.
  std::optional<std::vector<TreeEntry>> list(std::string_view path) const;

  // Contents of the file at `path`, symlinks followed; nothing where there is none.
  // Throws as `list`, and Error{kRepositoryUnreadable} above `kMaxFileBytes`.
  std::optional<std::string> read(std::string_view path) const;

  // Whether contents are fetched as they are read.
  bool fetches() const;

  // Has the contents of these entries here before they are read: a remote is asked once for all.
  void need(const std::vector<TreeEntry>& files) const;

  // Contents of a kFile entry, without another walk down the path.
  std::string read(const TreeEntry& file) const;

  // `path` with every symlink in it resolved, or nothing where it leads nowhere, out of the tree
  // or in a circle. Two paths with one real path are one file.
  std::optional<std::string> real_path(std::string_view path) const;

  // No migration is this large; a file that is would only be there to exhaust memory.
  static constexpr std::size_t kMaxFileBytes = 16u << 20;

 private:
  friend class GitRepository;
  struct Impl;
  explicit GitTree(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// How to reach a remote repository. None of it is ever written to the cache or a log.
struct RemoteAccess {
  // Password of an https:// remote, or "" for none, sent to its scheme, host and port and nowhere
  // else. Its user is the URL's, or "x-access-token", which GitHub and GitLab accept. A password in
  // the URL wins.
  std::string token;
  // Private key file for ssh, without a passphrase; "" tries the agent, then ~/.ssh/id_ed25519,
  // id_ecdsa, id_rsa. Host keys are looked up in ~/.ssh/known_hosts.
  std::string ssh_key;
  // Bare clones are kept here, one folder a remote; and of a long history, a local repository's
  // too, what was learnt of it. "" keeps nothing, and no remote can be read.
  std::string cache_dir;
  // Of one fetch; refs and messages of the server have bounds of their own.
  std::uint64_t max_fetch_bytes = std::uint64_t{4} << 30;
  // Of the history that is fetched only to tell since when something is there (deepen).
  std::uint64_t max_history_bytes = std::uint64_t{20} * 1000 * 1000;
  // Counts what comes of all remotes that share it, as it comes; null counts nothing.
  std::shared_ptr<std::atomic<std::uint64_t>> received = nullptr;

  ~RemoteAccess() { wipe(token); }
  bool operator==(const RemoteAccess&) const = default;
};

// What reading a remote took so far.
struct FetchRecord {
  // "filtered": commits, trees, and the files that were read. "shallow": one commit with all its
  // files, where the server has no filter. "full": a clone, where it speaks no version 2 of git's
  // protocol, and over ssh. "cached": nothing but the list of its refs.
  std::string how;
  std::uint64_t bytes = 0;              // that came
  std::optional<unsigned> round_trips;  // requests that were sent; nothing where they are not told
};

class GitRepository {
 public:
  // `location`: a path, file://, https://, ssh://, user@host:path or github:owner/name. A local
  // one is opened in place, whatever its layout (bare, worktree, alternates), never written. A
  // remote one is cloned or fetched (only what is new) into the cache under a lock, so two runs
  // can share it; a corrupt cache is made anew. Over https no more is fetched than is read, as it
  // is read, where the server lets us (partial_clone.h). Certificates and host keys are always
  // verified, redirects to another host are not followed, and no git configuration of the user's is
  // read. A fetch that fails is an error even where the cache has an older clone.
  //
  // `stop` ends it, also where a server says nothing. Over https only looking up a host name takes
  // as long as the resolver does; over ssh a thread that libgit2 holds may be left behind
  // (fetch.h). Throws Error{kRepositoryNotFound, kRepositoryUnreadable, kUnsupported,
  // kRemoteUnreachable, kAuthenticationFailed, kHostNotVerified, kCacheUnusable, kUsage}, and what
  // `Stop::check` throws. So does, for a remote, every other method. `stop` and `log` must outlive
  // a repository that is remote, and its trees.
  static GitRepository open(std::string_view location, const RemoteAccess& access, const Stop& stop,
                            const Log& log);

  // Starts the library, 5 ms of processor time, for who has nothing else to do meanwhile. `open`
  // does so too.
  static void prepare();

  GitRepository(GitRepository&&) noexcept;
  GitRepository& operator=(GitRepository&&) noexcept;
  ~GitRepository();

  // Where it came from, without credentials: a URL, or an absolute path.
  const std::string& url() const;

  // Nothing for a local repository.
  std::optional<FetchRecord> fetch_record() const;

  // What must be here before history is read; they do nothing for a repository that has it already,
  // a local one or a full clone. The commits that `commit` reaches and their trees, back to
  // `since`: false where that is more than RemoteAccess::max_history_bytes.
  bool deepen(const std::string& commit_id, TimePoint since) const;
  // All that `commit` reaches; with `of_all_refs` all branches and tags.
  void need_history(const std::string& commit_id, bool of_all_refs) const;
  // Whether `blob` and the trees fetch what is not here.
  bool fetches() const;
  // Contents that `blob` will be asked for, at once.
  void need_files(const std::vector<ObjectId>& ids) const;

  // The tree of the commit that `ref` (branch, tag, remote branch, any revision expression of
  // gitrevisions(7) that libgit2 knows; "" is HEAD, for a remote its default branch, and there
  // "origin/main" is main) names.
  // Throws Error{kRefNotFound} with the nearest branch names as a hint.
  GitTree tree_at(std::string_view ref) const;

  // For each of `paths` (as `real_path` gives them) the newest ancestor of `commit_id` that has it
  // while none of its parents do: the commit that introduced the file as it stands there. Nothing
  // where history ends first (a shallow clone). In the order of `paths`. Walks only until all are
  // found.
  std::vector<std::optional<Commit>> introductions(const std::string& commit_id,
                                                   const std::vector<std::string>& paths,
                                                   const Stop& stop) const;

  struct Arrival {
    Commit commit;
    std::string before;  // the id of its first parent; "" where it has none
  };
  // For each of `paths` the commit that brought it to the line of first parents of `commit_id`; see
  // arriving_commits.
  std::vector<std::optional<Arrival>> arrivals(const std::string& commit_id,
                                               const std::vector<std::string>& paths,
                                               const Stop& stop) const;

  struct Tips {
    std::vector<RefTip> tips;    // branches, remote-tracking branches, tags; each by name
    std::size_t unreadable = 0;  // refs whose commit is not in the repository
  };
  // Tags are peeled; those of a tree or a blob, and symbolic refs (origin/HEAD), are left out.
  Tips tips() const;

  // What was learnt of its history: in earlier runs, where RemoteAccess::cache_dir has it, and by
  // `history` in this one.
  HistoryMemory& memory() const;
  // For later runs (memory_file.h).
  void keep_memory() const;

  // The commits that `tips` reach, and the trees of `folders` in each; see read_history.
  History history(const std::vector<ObjectId>& tips, const std::vector<std::string>& folders,
                  const Stop& stop) const;

  // See for_each_changed_file.
  void changed_files(const ObjectId& before, const ObjectId& after, bool recursive,
                     const Stop& stop, const std::function<void(const FileChange&)>& tell) const;

  // Throws Error{kRepositoryUnreadable} where it is no commit of the repository.
  Commit commit(const ObjectId& id) const;

  // Contents of a file by its id, or nothing where it is missing (a partial clone), or larger than
  // `GitTree::kMaxFileBytes`.
  std::optional<std::string> blob(const ObjectId& id) const;

 private:
  struct Impl;
  explicit GitRepository(std::unique_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace drift::migrations
