#include "migrations/git/clone.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "drift/base/error.h"
#include "migrations/git/fetch.h"
#include "migrations/git/repository_cache.h"

namespace drift::migrations {
namespace {

// What a run is certain to need: a clone whose tip cannot be read is no clone.
void require_readable_tip(const OpenRepository& repository) {
  git_oid tip;
  if (git_reference_name_to_id(&tip, repository.repo.get(), "HEAD") != 0) return;  // none yet
  git_commit* raw = nullptr;
  int code = git_commit_lookup(&raw, repository.repo.get(), &tip);
  const CommitHandle commit(raw);
  git_tree* tree = nullptr;
  if (code == 0) code = git_commit_tree(&tree, commit.get());
  git_tree_free(tree);
  if (code != 0) throw repository.unreadable(code, "the newest commit", tip);
}

// The least that makes a bare repository: git's own would bring templates, a dozen files that
// nobody reads here. https://git-scm.com/docs/gitrepository-layout
void initialise_clone(const std::string& path, const std::string& url) {
  std::error_code failure;
  for (const char* folder : {"/objects/pack", "/refs/heads", "/refs/tags"}) {
    if (!failure) std::filesystem::create_directories(path + folder, failure);
  }
  const auto write = [&](const char* name, const char* text) {
    std::ofstream file(path + name, std::ios::binary);
    file << text;
    file.close();
    if (!file && !failure) failure = std::make_error_code(std::errc::io_error);
  };
  if (!failure) write("/config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
  if (!failure) write("/HEAD", "ref: refs/heads/main\n");
  if (!failure) return;
  throw Error{Fault::kCacheUnusable,
              fmt::format("a clone of {} cannot be made in {}: {}", url, path, failure.message()),
              "--cache-dir names a folder that this user may write, on a disk with room for a bare "
              "clone"};
}

// Thousands of branches would be as many files, looked through at every run; a few are faster as
// they are.
void pack_references(git_repository* repo) {
  constexpr std::size_t kFew = 32;
  git_strarray names{};
  if (git_reference_list(&names, repo) != 0) return;
  const std::size_t count = names.count;
  git_strarray_dispose(&names);
  git_refdb* raw = nullptr;
  if (count <= kFew || git_repository_refdb(&raw, repo) != 0) return;
  git_refdb_compress(Refdb(raw).get());
}

void tell(const Fetched& fetched, const RepositoryLocation& location, const Log& log) {
  log.info("fetched", {{"repository", location.url},
                       {"objects", std::to_string(fetched.objects)},
                       {"bytes", std::to_string(fetched.bytes)}});
}

}  // namespace

OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log) {
  RepositoryCache cache(access.cache_dir, location.url, stop);
  if (cache.usable()) {
    try {
      const Fetched fetched = fetch(cache.path(), /*is_new=*/false, location, access, stop);
      tell(fetched, location, log);
      OpenRepository known = open_clone(cache.path(), location.url);
      known.has_default_branch = fetched.has_default_branch;
      require_readable_tip(known);
      return known;
    } catch (const Error& error) {
      if (error.fault != Fault::kCacheUnusable) throw;
      // Only the clone is at fault: the remote has all of it.
      log.warning("the cached clone is made anew", {{"why", error.what()}});
    }
  }
  const std::string path = cache.new_clone();
  initialise_clone(path, location.url);
  const Fetched fetched = fetch(path, /*is_new=*/true, location, access, stop);
  tell(fetched, location, log);
  {
    const OpenRepository made = open_clone(path, location.url);
    pack_references(made.repo.get());
    require_readable_tip(made);
  }
  cache.adopt_new_clone();
  OpenRepository result = open_clone(cache.path(), location.url);
  result.has_default_branch = fetched.has_default_branch;
  return result;
}

}  // namespace drift::migrations
