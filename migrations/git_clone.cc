#include "migrations/git_clone.h"

#include <fmt/format.h>

#include <array>

#include "drift/base/error.h"
#include "migrations/conversation.h"
#include "migrations/repository_cache.h"

namespace drift::migrations {
namespace {

// Makes `repo`, a bare clone, the image of the remote: its branches and tags, and what they reach.
// True where the remote's HEAD names a branch.
bool fetch(git_repository* repo, const RepositoryLocation& location, const RemoteAccess& access,
           const Stop& stop, const Log& log) {
  Conversation conversation(location, access, stop);
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
  const std::string head = found == 0 ? default_branch : "refs/schema-drift/no-default-branch";
  git_reference* head_raw = nullptr;
  const int set = git_reference_symbolic_create(&head_raw, repo, "HEAD", head.c_str(), 1, "fetch");
  git_reference_free(head_raw);
  check(set);

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

void initialise_clone(const std::string& path, const std::string& url) {
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT;
  git_repository* raw = nullptr;
  const int code = git_repository_init_ext(&raw, path.c_str(), &options);
  git_repository_free(raw);
  if (code != 0) {
    throw Error{Fault::kCacheUnusable,
                fmt::format("a clone of {} cannot be made in {}: {}", url, path, last_message()),
                "--cache-dir names a folder that this user may write, on a disk with room for a "
                "bare clone"};
  }
}

// Thousands of branches would be as many files, looked through at every run.
void pack_references(git_repository* repo) {
  git_refdb* raw = nullptr;
  if (git_repository_refdb(&raw, repo) != 0) return;
  git_refdb_compress(Refdb(raw).get());
}

}  // namespace

OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log) {
  RepositoryCache cache(access.cache_dir, location.url, stop);
  if (cache.usable()) {
    try {
      OpenRepository known = open_clone(cache.path(), location.url);
      known.has_default_branch = fetch(known.repo.get(), location, access, stop, log);
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
    has_default_branch = fetch(made.repo.get(), location, access, stop, log);
    pack_references(made.repo.get());
    require_readable_tip(made);
  }
  cache.adopt_new_clone();
  OpenRepository result = open_clone(cache.path(), location.url);
  result.has_default_branch = has_default_branch;
  return result;
}

}  // namespace drift::migrations
