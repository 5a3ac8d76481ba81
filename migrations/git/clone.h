// The bare clone of a remote, kept between runs, safe when several runs share it.
#pragma once

#include <string>
#include <string_view>

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "migrations/git/library.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

// A full clone that is in the cache already is brought up to date, under the cache's lock. Else,
// over https, the server is asked what it can do: one that speaks version 2 of git's protocol is
// left with a PartialClone, of any other the repository is cloned. See GitRepository::open.
OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log);

// Name of the folder for `url` (without credentials): a part that people recognise, and 16 hex
// digits of a hash over the whole, "github.com-example-backend-0123456789abcdef.git".
std::string cache_folder_name(std::string_view url);

// One remote's place in the cache, held under an exclusive lock: flock(2) on "NAME.lock" beside the
// clone, so that it ends with the process, however that ends.
//
// Only fetching needs the lock. Readers need none: a fetch adds packs and moves refs, it deletes no
// object, and a clone that is made anew takes the place of the old one in a single rename.
class RepositoryCache {
 public:
  // A full clone, "NAME.git", and what was asked of a remote so far, "NAME.partial", may both be
  // there; each has its lock.
  enum class Kind { kFull, kPartial };

  // Creates `cache_dir` (0700) where it is missing and waits until no other run holds the lock.
  // Throws Error{kCacheUnusable}, and what `Stop::check` throws when the wait is too long.
  RepositoryCache(const std::string& cache_dir, const std::string& url, const Stop& stop,
                  Kind kind = Kind::kFull);
  // Lets go of the lock, and removes a new clone that was never adopted.
  ~RepositoryCache();
  RepositoryCache(const RepositoryCache&) = delete;
  RepositoryCache& operator=(const RepositoryCache&) = delete;

  // The bare clone, whether it is there or not.
  const std::string& path() const { return path_; }

  // False where there is no clone, where it is of another URL, where a reader found it damaged, and
  // where fetches have left so many packs that a new clone is the better start.
  bool usable() const;

  // An empty folder (0700) for a new clone. What an interrupted run left there is gone.
  std::string new_clone();

  // Puts the new clone, whole, at `path()`.
  void adopt_new_clone();

 private:
  std::string url_;
  std::string path_;
  std::string new_path_;
  int lock_ = -1;
};

// Makes the folder at `path` an empty bare repository. Throws Error{kCacheUnusable}.
void initialise_clone(const std::string& path, const std::string& url);

// Notes that the clone at `path` is damaged, so that the next run makes it anew.
void mark_damaged(const std::string& path) noexcept;

}  // namespace drift::migrations
