#include "migrations/git/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "migrations/git/clone.h"
#include "migrations/git/loose_guard.h"
#include "migrations/git/partial_clone.h"

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

// Names a person could have meant, as they would write them.
std::vector<std::string> ref_names(git_repository* repo) {
  std::vector<std::string> names;
  git_reference_iterator* raw = nullptr;
  if (git_reference_iterator_new(&raw, repo) != 0) return names;
  const ReferenceIterator iterator(raw);
  const char* name = nullptr;
  while (git_reference_next_name(&name, iterator.get()) == 0) {
    const std::string_view full = name;
    for (const std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/remotes/"}) {
      if (full.starts_with(prefix)) names.emplace_back(full.substr(prefix.size()));
    }
  }
  return names;
}

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Error open_error(const std::string& path, int code) {
  const std::string message = last_message();
  if (code == GIT_ENOTFOUND) {
    return Error{Fault::kRepositoryNotFound, fmt::format("{} is not a git repository", path),
                 "give the folder that holds .git, or a bare repository"};
  }
  if (message.find("objectformat") != std::string::npos) {
    return Error{Fault::kUnsupported,
                 fmt::format("{} names its objects by SHA-256, which is not supported", path),
                 "read a SHA-1 repository"};
  }
  if (message.find("unsupported extension") != std::string::npos) {
    return Error{Fault::kUnsupported, fmt::format("{} cannot be read: {}", path, message),
                 "clone it without that extension"};
  }
  return Error{Fault::kRepositoryUnreadable, fmt::format("{} cannot be read: {}", path, message),
               "run `git fsck` there, and check that this user may read its files"};
}

}  // namespace

void start_libgit2() {
  [[maybe_unused]] static const bool started = [] {
    git_libgit2_init();
    set_options();
    expect_loose_guards();
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
    throw Error{Fault::kInternal, fmt::format("{} is not an object id", text)};
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

Error OpenRepository::ref_error(const std::string& ref, int code) const {
  const std::string message = last_message();
  if (ref == "HEAD" && git_repository_head_unborn(repo.get()) == 1) {
    git_reference* raw = nullptr;
    git_reference_lookup(&raw, repo.get(), "HEAD");
    const Reference head(raw);
    return Error{Fault::kRefNotFound,
                 fmt::format("HEAD of {} points at {}, which has no commit", url,
                             git_reference_symbolic_target(head.get())),
                 names_hint(ref)};
  }
  if (git_reference* raw = nullptr; git_reference_dwim(&raw, repo.get(), ref.c_str()) == 0) {
    const Reference reference(raw);
    git_reference* direct_raw = nullptr;
    const int resolved = git_reference_resolve(&direct_raw, reference.get());
    const Reference direct(direct_raw);
    if (resolved == 0) {
      // The look-ups since have left messages of their own.
      return unreadable(code, fmt::format("the commit that {} names", ref),
                        *git_reference_target(direct.get()), message);
    }
  }
  if (code == GIT_EAMBIGUOUS) {
    return Error{Fault::kRefNotFound, fmt::format("{} is ambiguous in {}", ref, url),
                 "give more digits of the commit's id"};
  }
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) return no_such_ref(ref);
  return Error{Fault::kRepositoryUnreadable,
               fmt::format("{} cannot be looked up in {}: {}", ref, url, message),
               "run `git fsck` there"};
}

Error OpenRepository::no_such_ref(const std::string& ref) const {
  return Error{Fault::kRefNotFound,
               ref == "HEAD" && partial
                   ? fmt::format("{} has no default branch", url)
                   : fmt::format("there is no branch, tag or commit {} in {}", ref, url),
               names_hint(ref)};
}

std::string OpenRepository::expression_for(const std::string& ref) {
  if (!partial) return ref;
  std::optional<std::string> expression;
  try {
    expression = partial->expression_for(ref);
  } catch (const Error& error) {
    if (error.fault != Fault::kCacheUnusable || gave_tree) throw;
    odb.reset();
    repo.reset();
    partial->start_anew();
    OpenRepository fresh = partial->open();
    repo = std::move(fresh.repo);
    odb = std::move(fresh.odb);
    expression = partial->expression_for(ref);
  }
  if (!expression) throw no_such_ref(ref);
  return *std::move(expression);
}

void OpenRepository::need_files(const std::vector<ObjectId>& ids) const {
  if (partial) partial->need_files(ids);
}

std::string OpenRepository::names_hint(const std::string& ref) const {
  const std::vector<std::string> names = partial ? partial->names() : ref_names(repo.get());
  if (names.empty()) return "the repository has no branches and no tags";
  // "main" where only origin/main is there: the usual slip in a fresh clone.
  const auto ends_in_ref = [&](const std::string& name) { return name.ends_with('/' + ref); };
  const auto longer = std::find_if(names.begin(), names.end(), ends_in_ref);
  const std::string near = longer != names.end() ? *longer : nearest(ref, names);
  if (!near.empty()) return fmt::format("did you mean {}?", near);
  constexpr std::size_t kShown = 5;
  if (names.size() <= kShown) return fmt::format("there are {}", fmt::join(names, ", "));
  return fmt::format("there are {} and {} more",
                     fmt::join(names.begin(), names.begin() + kShown, ", "), names.size() - kShown);
}

Error OpenRepository::unreadable(int code, std::string_view what, const git_oid& id,
                                 const std::string& reason) const {
  if (!cached_at.empty()) {
    mark_damaged(cached_at);
    return Error{Fault::kCacheUnusable,
                 fmt::format("{} cannot be read from the cached clone of {} (object {}): {}", what,
                             url, hex(id), reason),
                 "run it again: the clone is made anew", true};
  }
  if (code == GIT_ENOTFOUND) {
    const bool shallow = git_repository_is_shallow(repo.get()) == 1;
    return Error{Fault::kRepositoryUnreadable,
                 fmt::format("{} is missing from {} (object {})", what, url, hex(id)),
                 shallow ? "this is a shallow clone: `git fetch --unshallow` completes it"
                         : "a partial clone lacks what it was told to leave out; else run "
                           "`git fsck` there"};
  }
  return Error{Fault::kRepositoryUnreadable,
               fmt::format("{} cannot be read from {} (object {}): {}", what, url, hex(id), reason),
               "run `git fsck` there; a damaged repository is mended by cloning it anew"};
}

OpenRepository open_clone(const std::string& path, const std::string& url) {
  git_repository* repo = nullptr;
  git_odb* odb = nullptr;
  int code = git_repository_open_bare(&repo, path.c_str());
  OpenRepository result;
  result.repo.reset(repo);
  result.url = url;
  result.cached_at = path;
  if (code == 0) code = git_repository_odb(&odb, repo);
  result.odb.reset(odb);
  if (code == 0) {
    guard_loose_objects(repo, odb);
    return result;
  }
  throw Error{Fault::kCacheUnusable,
              fmt::format("the cached clone of {} cannot be opened: {}", url, last_message()),
              "run it again: the clone is made anew", true};
}

OpenRepository open_local(const std::string& given) {
  const std::string path =
      without_trailing_slash(std::filesystem::absolute(given).lexically_normal());
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error{Fault::kRepositoryNotFound, fmt::format("{} does not exist", path),
                "--repository takes a path or a URL"};
  }
  if (failure) {
    throw Error{Fault::kRepositoryUnreadable,
                fmt::format("{} cannot be read: {}", path, failure.message()),
                "check that this user may enter each folder on the way"};
  }
  git_repository* raw = nullptr;
  const int code = git_repository_open_ext(&raw, path.c_str(), 0, nullptr);
  if (code != 0) throw open_error(path, code);

  OpenRepository result;
  result.repo.reset(raw);
  const char* workdir = git_repository_workdir(raw);
  result.url = without_trailing_slash(workdir != nullptr ? workdir : git_repository_path(raw));
  git_odb* odb = nullptr;
  if (const int odb_code = git_repository_odb(&odb, raw); odb_code != 0) {
    throw open_error(result.url, odb_code);
  }
  result.odb.reset(odb);
  guard_loose_objects(raw, odb);
  return result;
}

}  // namespace drift::migrations
