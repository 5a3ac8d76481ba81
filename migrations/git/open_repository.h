// An opened repository as the git side's own files see it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "migrations/git/library.h"

namespace drift::migrations {

struct OpenRepository {
  Repository repo;
  Odb odb;
  std::string url;
  std::string cached_at;           // bare clone of a remote; "" for a local repository
  bool has_default_branch = true;  // false where a remote's HEAD names no branch

  // Error for an object that could not be read, as `code` and `reason`, libgit2's message, say;
  // `what` names it in words. In a cached clone it also sees to it that the next run makes the
  // clone anew.
  Error unreadable(int code, std::string_view what, const git_oid& id,
                   const std::string& reason = last_message()) const;

  // Error for a `ref` that revparse refused with `code`.
  Error ref_error(const std::string& ref, int code) const;

  // What a person who wrote `ref` may have meant, as a hint.
  std::string names_hint(const std::string& ref) const;
};

// Opens the repository at `path`, or above it, in place.
// Throws Error{kRepositoryNotFound, kRepositoryUnreadable, kUnsupported}.
OpenRepository open_local(const std::string& path);

// Opens the bare clone of `url` at `path`. Throws Error{kCacheUnusable}.
OpenRepository open_clone(const std::string& path, const std::string& url);

struct GitRepository::Impl : OpenRepository {};

}  // namespace drift::migrations
