#include "migrations/git/library.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

void set_options() {
  // What a run reads depends on its arguments alone: no url.*.insteadOf or proxy of whoever's
  // home it runs in. (Proxies still come from the environment.)
  for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                          GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  }
  // git refuses repositories of another user because their configuration can name programs to run
  // (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory). We only read
  // objects and refs, in process: no hook, filter, fsmonitor or pager is ever started. A nightly
  // job reads what another user owns.
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  // Extensions that change nothing for a reader of objects and refs; libgit2 refuses the rest
  // (https://git-scm.com/docs/repository-version).
  std::array<const char*, 3> extensions = {"partialclone", "preciousobjects", "worktreeconfig"};
  git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions.data(), extensions.size());
  // A blob is read once, so keeping it would only cost memory. Small windows onto packs keep
  // resident memory low, whatever the size of the repository.
  git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_BLOB, std::size_t{0});
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(4 * kMebibyte));
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, 4 * kMebibyte);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, 8 * kMebibyte);
}

}  // namespace

void start_libgit2() {
  [[maybe_unused]] static const bool started = [] {
    git_libgit2_init();
    set_options();
    return true;
  }();
}

std::string last_message() {
  const git_error* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "unknown error" : error->message;
}

std::string hex(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ + 1> text{};
  git_oid_tostr(text.data(), text.size(), &id);
  return text.data();
}

git_oid oid_of(std::string_view text) {
  git_oid id;
  if (text.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, text.data(), text.size()) != 0) {
    throw Error{Fault::kInternal, fmt::format("{} is no object id", text)};
  }
  return id;
}

git_oid oid_of(const ObjectId& id) {
  git_oid result;
  git_oid_fromraw(&result, id.data());
  return result;
}

ObjectId id_of(const git_oid& id) {
  ObjectId result;
  std::memcpy(result.data(), id.id, result.size());
  return result;
}

Commit commit_of(git_commit* commit) {
  Commit result;
  result.id = hex(*git_commit_id(commit));
  result.committed_at = TimePoint{std::chrono::seconds{git_commit_time(commit)}};
  if (const git_signature* author = git_commit_author(commit); author != nullptr) {
    result.author = valid_utf8(author->name);
  }
  if (const char* summary = git_commit_summary(commit); summary != nullptr) {
    result.summary = valid_utf8(summary);
  }
  return result;
}

}  // namespace drift::migrations
