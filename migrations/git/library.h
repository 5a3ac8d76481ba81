// What the files that use libgit2 share: owners of its objects, its start, its messages, an opened
// repository. Included by the .cc files of this folder alone; everything else sees repository.h.
#pragma once

#include <git2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "migrations/git/history_memory.h"
#include "migrations/git/repository.h"

namespace drift::migrations {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

using Repository = Handle<git_repository, git_repository_free>;
using Odb = Handle<git_odb, git_odb_free>;
using OdbObject = Handle<git_odb_object, git_odb_object_free>;
using Object = Handle<git_object, git_object_free>;
using CommitHandle = Handle<git_commit, git_commit_free>;
using Reference = Handle<git_reference, git_reference_free>;
using Remote = Handle<git_remote, git_remote_free>;
using Refdb = Handle<git_refdb, git_refdb_free>;
using ReferenceIterator = Handle<git_reference_iterator, git_reference_iterator_free>;

// Before any other call of the library. Once a process, never undone: a thread left behind in a
// look-up of a host name may still be inside.
void start_libgit2();

// libgit2's message about the last failure on this thread.
std::string last_message();

std::string hex(const git_oid& id);
// Throws Error{kInternal} where `text` is not 40 hex digits.
git_oid oid_of(std::string_view text);
git_oid oid_of(const ObjectId& id);
ObjectId id_of(const git_oid& id);

Commit commit_of(git_commit* commit);

class PartialClone;

struct OpenRepository {
  Repository repo;
  Odb odb;
  std::string url;
  std::string cached_at;           // bare clone of a remote; "" for a local repository
  bool has_default_branch = true;  // false where a remote's HEAD names no branch
  // Of a remote that is fetched from as things are needed; holds what `repo` and `odb` own.
  std::shared_ptr<PartialClone> partial;
  std::optional<FetchRecord> fetched;  // of any other remote

  // What `ref` is called in a store that holds it by now; `ref` itself but for a PartialClone. A
  // store that turns out to be damaged before any tree of it was given is made anew. Throws
  // Error{kRefNotFound}.
  std::string expression_for(const std::string& ref);
  bool gave_tree = false;

  // Fetches the files that are not here yet, where more can be fetched at all.
  void need_files(const std::vector<ObjectId>& ids) const;

  // Error for an object that could not be read, as `code` and `reason`, libgit2's message, say;
  // `what` names it in words. In a cached clone it also sees to it that the next run makes the
  // clone anew.
  Error unreadable(int code, std::string_view what, const git_oid& id,
                   const std::string& reason = last_message()) const;

  // Error for a `ref` that revparse refused with `code`.
  Error ref_error(const std::string& ref, int code) const;

  // Error for a `ref` that a remote does not have.
  Error no_such_ref(const std::string& ref) const;

  // What a person who wrote `ref` may have meant, as a hint.
  std::string names_hint(const std::string& ref) const;
};

// Opens the repository at `path`, or above it, in place.
// Throws Error{kRepositoryNotFound, kRepositoryUnreadable, kUnsupported}.
OpenRepository open_local(const std::string& path);

// Opens the bare clone of `url` at `path`. Throws Error{kCacheUnusable}.
OpenRepository open_clone(const std::string& path, const std::string& url);

struct GitRepository::Impl : OpenRepository {
  std::string cache_dir;
  std::optional<HistoryMemory> memory;
};

}  // namespace drift::migrations
