#include "migrations/git/clone.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "drift/base/error.h"
#include "migrations/git/conversation.h"
#include "migrations/git/repository_cache.h"

namespace drift::migrations {
namespace {

// Every file that is created costs, so HEAD is written only where it changes.
int point_head_at(git_repository* repo, const std::string& target) {
  git_reference* raw = nullptr;
  if (git_reference_lookup(&raw, repo, "HEAD") == 0) {
    const Reference head(raw);
    const char* now = git_reference_symbolic_target(head.get());
    if (now != nullptr && now == target) return 0;
  }
  const int code = git_reference_symbolic_create(&raw, repo, "HEAD", target.c_str(), 1, "fetch");
  if (code == 0) git_reference_free(raw);
  return code;
}

// Makes `repo`, a bare clone, the image of the remote: its branches and tags, and what they reach.
// True where the remote's HEAD names a branch. `is_new`: nothing has been fetched into it yet.
bool fetch(git_repository* repo, bool is_new, const RepositoryLocation& location,
           const RemoteAccess& access, const Stop& stop, const Log& log) {
  Conversation conversation(location, access, is_new, stop);
  const auto check = [&](int code) { conversation.check(code); };
  git_remote* remote_raw = nullptr;
  // Anonymous, so that nothing of it is written to the clone's configuration.
  check(git_remote_create_anonymous(&remote_raw, repo, location.url.c_str()));
  const Remote remote(remote_raw);

  git_remote_connect_options connect_options;
  git_remote_connect_options_init(&connect_options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
  connect_options.callbacks = conversation.callbacks();
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = connect_options.callbacks;
  options.update_fetchhead = 0;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // the second refspec takes them all
  check(git_remote_connect_ext(remote.get(), GIT_DIRECTION_FETCH, &connect_options));
  conversation.connected();
  stop.check("reading the remote repository");

  std::array<char*, 2> refspecs = {const_cast<char*>("+refs/heads/*:refs/heads/*"),
                                   const_cast<char*>("+refs/tags/*:refs/tags/*")};
  const git_strarray refspec_array = {refspecs.data(), refspecs.size()};
  check(git_remote_download(remote.get(), &refspec_array, &options));
  // Pruning first makes room for a branch "a/b" where "a" was.
  check(git_remote_prune(remote.get(), &options.callbacks));
  check(git_remote_update_tips(remote.get(), &options.callbacks, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE,
                               "fetch"));

  git_buf branch = GIT_BUF_INIT;
  const int found = git_remote_default_branch(&branch, remote.get());
  const std::string default_branch = found == 0 ? branch.ptr : "";
  git_buf_dispose(&branch);
  if (found != GIT_ENOTFOUND) check(found);
  // An unborn HEAD where the remote's is (an empty repository) or names no branch: the one of an
  // earlier fetch would be a guess.
  check(point_head_at(repo, found == 0 ? default_branch : "refs/schema-drift/no-default-branch"));

  const git_indexer_progress* progress = git_remote_stats(remote.get());
  log.info("fetched", {{"repository", location.url},
                       {"objects", std::to_string(progress->received_objects)},
                       {"bytes", std::to_string(progress->received_bytes)}});
  return found == 0;
}

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

OpenRepository open_clone(const std::string& path, const std::string& url) {
  git_repository* repo = nullptr;
  git_odb* odb = nullptr;
  int code = git_repository_open_bare(&repo, path.c_str());
  OpenRepository result{Repository(repo), nullptr, url, path};
  if (code == 0) code = git_repository_odb(&odb, repo);
  result.odb.reset(odb);
  if (code == 0) return result;
  throw Error{Fault::kCacheUnusable,
              fmt::format("the cached clone of {} cannot be opened: {}", url, last_message()),
              "run it again: the clone is made anew", true};
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

}  // namespace

OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log) {
  RepositoryCache cache(access.cache_dir, location.url, stop);
  if (cache.usable()) {
    try {
      OpenRepository known = open_clone(cache.path(), location.url);
      known.has_default_branch =
          fetch(known.repo.get(), /*is_new=*/false, location, access, stop, log);
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
  bool has_default_branch = false;
  {
    const OpenRepository made = open_clone(path, location.url);
    has_default_branch = fetch(made.repo.get(), /*is_new=*/true, location, access, stop, log);
    pack_references(made.repo.get());
    require_readable_tip(made);
  }
  cache.adopt_new_clone();
  OpenRepository result = open_clone(cache.path(), location.url);
  result.has_default_branch = has_default_branch;
  return result;
}

}  // namespace drift::migrations
