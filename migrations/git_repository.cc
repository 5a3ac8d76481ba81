#include "migrations/git_repository.h"

#include <fmt/format.h>
#include <git2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/nearest.h"
#include "drift/base/printable.h"
#include "migrations/file_history.h"
#include "migrations/repository_location.h"

namespace drift::migrations {
namespace {

// ------------------------------------------------------------------------------------- libgit2

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
using ReferenceIterator = Handle<git_reference_iterator, git_reference_iterator_free>;

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

// Once a process, never undone: a thread left behind in a blocking connect may still be inside.
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

// -------------------------------------------------------------------------------- repositories

struct OpenRepository {
  Repository repo;
  Odb odb;
  std::string url;

  // Names a person could have meant, as they would write them.
  std::vector<std::string> ref_names() const {
    std::vector<std::string> names;
    git_reference_iterator* raw = nullptr;
    if (git_reference_iterator_new(&raw, repo.get()) != 0) return names;
    const ReferenceIterator iterator(raw);
    const char* name = nullptr;
    while (git_reference_next_name(&name, iterator.get()) == 0) {
      const std::string_view full = name;
      for (const std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/remotes/"}) {
        if (full.substr(0, prefix.size()) == prefix) names.emplace_back(full.substr(prefix.size()));
      }
    }
    return names;
  }

  // Error for a `ref` that revparse refused with `code`.
  Error ref_error(const std::string& ref, int code) const {
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
        return unreadable(code, fmt::format("the commit that {} names", ref),
                          *git_reference_target(direct.get()));
      }
    }
    if (code == GIT_EAMBIGUOUS) {
      return Error{Fault::kRefNotFound, fmt::format("{} is ambiguous in {}", ref, url),
                   "give more digits of the commit's id"};
    }
    if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) {
      return Error{Fault::kRefNotFound, fmt::format("{} names nothing in {}", ref, url),
                   names_hint(ref)};
    }
    return Error{Fault::kRepositoryUnreadable,
                 fmt::format("{} cannot be looked up in {}: {}", ref, url, message),
                 "run `git fsck` there"};
  }

  std::string names_hint(const std::string& ref) const {
    const std::vector<std::string> names = ref_names();
    if (names.empty()) return "the repository has no branches and no tags";
    // "main" where only origin/main is there: the usual slip in a fresh clone.
    const auto ends_in_ref = [&](const std::string& name) {
      return name.size() > ref.size() &&
             name.compare(name.size() - ref.size(), ref.size(), ref) == 0 &&
             name[name.size() - ref.size() - 1] == '/';
    };
    const auto longer = std::find_if(names.begin(), names.end(), ends_in_ref);
    const std::string near = longer != names.end() ? *longer : nearest(ref, names);
    if (!near.empty()) return fmt::format("did you mean {}?", near);
    constexpr std::size_t kShown = 5;
    if (names.size() <= kShown) return fmt::format("there are {}", fmt::join(names, ", "));
    return fmt::format("there are {} and {} more",
                       fmt::join(names.begin(), names.begin() + kShown, ", "),
                       names.size() - kShown);
  }

  // Error for an object that could not be read; `what` names it in words.
  Error unreadable(int code, std::string_view what, const git_oid& id) const {
    if (code == GIT_ENOTFOUND) {
      const bool shallow = git_repository_is_shallow(repo.get()) == 1;
      return Error{Fault::kRepositoryUnreadable,
                   fmt::format("{} is missing from {} (object {})", what, url, hex(id)),
                   shallow ? "this is a shallow clone: `git fetch --unshallow` completes it"
                           : "a partial clone lacks what it was told to leave out; else run "
                             "`git fsck` there"};
    }
    return Error{Fault::kRepositoryUnreadable,
                 fmt::format("{} cannot be read from {} (object {}): {}", what, url, hex(id),
                             last_message()),
                 "run `git fsck` there; a damaged repository is mended by cloning it anew"};
  }
};

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

Repository open_local(const std::string& path) {
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
  return Repository(raw);
}

Odb open_odb(git_repository* repo, const std::string& url) {
  git_odb* raw = nullptr;
  if (const int code = git_repository_odb(&raw, repo); code != 0) throw open_error(url, code);
  return Odb(raw);
}

}  // namespace

struct GitRepository::Impl : OpenRepository {};

GitRepository::GitRepository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GitRepository::GitRepository(GitRepository&&) noexcept = default;
GitRepository& GitRepository::operator=(GitRepository&&) noexcept = default;
GitRepository::~GitRepository() = default;

const std::string& GitRepository::url() const { return impl_->url; }

GitRepository GitRepository::open(std::string_view text, const RemoteAccess& /*access*/,
                                  const Stop& stop, const Log& /*log*/) {
  const RepositoryLocation location = parse_repository_location(text);
  stop.check("opening the repository");
  start_libgit2();
  auto impl = std::make_unique<Impl>();
  if (location.kind != RepositoryLocation::Kind::kLocal) {
    throw Error{Fault::kUnsupported, "remote repositories are not read yet"};
  }
  const std::string path =
      without_trailing_slash(std::filesystem::absolute(location.path).lexically_normal());
  impl->repo = open_local(path);
  const char* workdir = git_repository_workdir(impl->repo.get());
  impl->url =
      without_trailing_slash(workdir != nullptr ? workdir : git_repository_path(impl->repo.get()));
  impl->odb = open_odb(impl->repo.get(), impl->url);
  return GitRepository(std::move(impl));
}

// -------------------------------------------------------------------------------------- trees

struct GitTree::Impl {
  struct FoundTree {
    std::shared_ptr<git_tree> tree;
    std::string path;
  };
  struct Found {
    std::string path;  // every symlink resolved, but perhaps a last one
    TreeEntry entry;
  };
  enum class LastLink { kFollow, kKeep };

  std::shared_ptr<const OpenRepository> repository;
  Commit commit;
  git_oid root{};
  // Parsed trees by id. libgit2's own cache refuses large ones, and a versions folder of thousands
  // of files would be parsed anew for every file.
  std::map<std::string, std::shared_ptr<git_tree>> trees;

  std::shared_ptr<git_tree> tree(const git_oid& id, std::string_view path) {
    constexpr std::size_t kKept = 64;
    const std::string key(reinterpret_cast<const char*>(id.id), sizeof id.id);
    if (const auto known = trees.find(key); known != trees.end()) return known->second;
    git_tree* raw = nullptr;
    if (const int code = git_tree_lookup(&raw, repository->repo.get(), &id); code != 0) {
      throw repository->unreadable(
          code, path.empty() ? "the root folder" : fmt::format("the folder {}", path), id);
    }
    std::shared_ptr<git_tree> result(raw, git_tree_free);
    if (trees.size() >= kKept) trees.clear();
    trees.emplace(key, result);
    return result;
  }

  std::string blob(const git_oid& id, std::string_view path) const {
    git_odb* odb = repository->odb.get();
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int code = git_odb_read_header(&size, &type, odb, &id); code != 0) {
      throw repository->unreadable(code, path, id);
    }
    if (type != GIT_OBJECT_BLOB) {
      throw Error{Fault::kRepositoryUnreadable,
                  fmt::format("{} is no file in {} (object {} is a {})", path, repository->url,
                              hex(id), git_object_type2string(type)),
                  "run `git fsck` there"};
    }
    if (size > kMaxFileBytes) {
      throw Error{Fault::kRepositoryUnreadable,
                  fmt::format("{} has {} bytes, more than the {} that a migration may have", path,
                              size, kMaxFileBytes),
                  "take it out of the versions folder"};
    }
    git_odb_object* raw = nullptr;
    if (const int code = git_odb_read(&raw, odb, &id); code != 0) {
      throw repository->unreadable(code, path, id);
    }
    const OdbObject object(raw);
    return {static_cast<const char*>(git_odb_object_data(object.get())),
            git_odb_object_size(object.get())};
  }

  // Follows `path` from the root as a file system would: ".." leaves the folder that a symlink led
  // to. Nothing where it leads nowhere, out of the tree or in a circle.
  std::optional<Found> find(std::string_view path, LastLink last_link);
};

namespace {

TreeEntry entry_of(const git_tree_entry* entry) {
  TreeEntry result;
  result.name = git_tree_entry_name(entry);
  result.object_id = hex(*git_tree_entry_id(entry));
  switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE: result.kind = TreeEntry::Kind::kDirectory; break;
    case GIT_FILEMODE_LINK: result.kind = TreeEntry::Kind::kSymlink; break;
    case GIT_FILEMODE_COMMIT: result.kind = TreeEntry::Kind::kSubmodule; break;
    default: result.kind = TreeEntry::Kind::kFile; break;
  }
  return result;
}

// Puts the components of `path` on `pending`, the first on top. "." and empty ones (a leading,
// double or trailing slash) mean nothing.
void push_components(std::string_view path, std::vector<std::string>& pending) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view component =
        slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!component.empty() && component != ".") pending.emplace_back(component);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  }
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + '/' + name;
}

Error submodule_error(std::string_view path, std::string_view submodule) {
  return Error{Fault::kUnsupported,
               path == submodule
                   ? fmt::format("{} is a submodule, whose files are in another repository", path)
                   : fmt::format("{} lies in the submodule {}, whose files are in another "
                                 "repository",
                                 path, submodule),
               "point --repository at the submodule's own repository"};
}

}  // namespace

std::optional<GitTree::Impl::Found> GitTree::Impl::find(std::string_view path, LastLink last_link) {
  constexpr int kMaxLinks = 40;  // as Linux: path_resolution(7)
  std::vector<std::string> pending;
  push_components(path, pending);
  std::vector<FoundTree> folders = {{tree(root, ""), ""}};
  int links = 0;
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (folders.size() == 1) return std::nullopt;
      folders.pop_back();
      continue;
    }
    const git_tree_entry* raw = git_tree_entry_byname(folders.back().tree.get(), name.c_str());
    if (raw == nullptr) return std::nullopt;
    const std::string full = joined(folders.back().path, name);
    TreeEntry entry = entry_of(raw);
    const bool last = pending.empty();
    switch (entry.kind) {
      case TreeEntry::Kind::kDirectory:
        folders.push_back({tree(*git_tree_entry_id(raw), full), full});
        if (last) return Found{full, std::move(entry)};
        break;
      case TreeEntry::Kind::kSymlink: {
        if (last && last_link == LastLink::kKeep) return Found{full, std::move(entry)};
        const std::string target = blob(*git_tree_entry_id(raw), full);
        if (++links > kMaxLinks || target.empty() || target.front() == '/') return std::nullopt;
        push_components(target, pending);
        break;
      }
      case TreeEntry::Kind::kSubmodule:
        if (!last) throw submodule_error(path, full);
        return Found{full, std::move(entry)};
      case TreeEntry::Kind::kFile:
        if (!last) return std::nullopt;
        return Found{full, std::move(entry)};
    }
  }
  // "", or a path (or a link) that ends in "..".
  TreeEntry entry;
  entry.kind = TreeEntry::Kind::kDirectory;
  entry.object_id = hex(*git_tree_id(folders.back().tree.get()));
  const std::string& full = folders.back().path;
  const std::size_t slash = full.rfind('/');
  entry.name = slash == std::string::npos ? full : full.substr(slash + 1);
  return Found{full, std::move(entry)};
}

GitTree::GitTree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GitTree::GitTree(GitTree&&) noexcept = default;
GitTree& GitTree::operator=(GitTree&&) noexcept = default;
GitTree::~GitTree() = default;

const Commit& GitTree::commit() const { return impl_->commit; }

std::optional<TreeEntry> GitTree::entry(std::string_view path) const {
  std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kKeep);
  if (!found) return std::nullopt;
  return std::move(found->entry);
}

std::optional<std::vector<TreeEntry>> GitTree::list(std::string_view path) const {
  const std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  if (found->entry.kind == TreeEntry::Kind::kSubmodule) throw submodule_error(path, found->path);
  if (found->entry.kind != TreeEntry::Kind::kDirectory) return std::nullopt;
  const std::shared_ptr<git_tree> folder = impl_->tree(oid_of(found->entry.object_id), found->path);
  const std::size_t count = git_tree_entrycount(folder.get());
  std::vector<TreeEntry> entries;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(entry_of(git_tree_entry_byindex(folder.get(), i)));
  }
  // git sorts "a" the folder behind "a.py"; a person and Alembic sort by name alone.
  std::sort(entries.begin(), entries.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.name < b.name; });
  return entries;
}

std::optional<std::string> GitTree::read(std::string_view path) const {
  const std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  if (found->entry.kind == TreeEntry::Kind::kSubmodule) throw submodule_error(path, found->path);
  if (found->entry.kind != TreeEntry::Kind::kFile) return std::nullopt;
  return impl_->blob(oid_of(found->entry.object_id), found->path);
}

std::string GitTree::read(const TreeEntry& file) const {
  return impl_->blob(oid_of(file.object_id), file.name);
}

std::optional<std::string> GitTree::real_path(std::string_view path) const {
  std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  return std::move(found->path);
}

// --------------------------------------------------------------------------------------- refs

GitTree GitRepository::tree_at(std::string_view ref) const {
  git_repository* repo = impl_->repo.get();
  const std::string wanted = ref.empty() ? "HEAD" : std::string(ref);
  git_object* raw = nullptr;
  const int code = git_revparse_single(&raw, repo, wanted.c_str());
  const Object object(raw);
  if (code != 0) throw impl_->ref_error(wanted, code);

  git_object* peeled_raw = nullptr;
  const int peel_code = git_object_peel(&peeled_raw, object.get(), GIT_OBJECT_COMMIT);
  const Object peeled(peeled_raw);
  if (peel_code != 0 && git_object_type(object.get()) == GIT_OBJECT_TAG) {
    auto* tag = reinterpret_cast<git_tag*>(object.get());
    // What an annotated tag points at is named in the tag, so this is no wrong ref.
    if (git_tag_target_type(tag) == GIT_OBJECT_COMMIT) {
      throw impl_->unreadable(GIT_ENOTFOUND, fmt::format("the commit that {} names", wanted),
                              *git_tag_target_id(tag));
    }
  }
  if (peel_code != 0) {
    throw Error{Fault::kRefNotFound,
                fmt::format("{} names a {} in {}, not a commit", wanted,
                            git_object_type2string(git_object_type(object.get())), impl_->url),
                "--ref takes a branch, a tag or a commit"};
  }
  auto* commit = reinterpret_cast<git_commit*>(peeled.get());
  auto impl = std::make_unique<GitTree::Impl>();
  impl->repository = impl_;
  impl->commit = commit_of(commit);
  impl->root = *git_commit_tree_id(commit);
  impl->tree(impl->root, "");  // a commit without its tree is not there
  return GitTree(std::move(impl));
}

std::vector<std::optional<Commit>> GitRepository::introductions(
    const std::string& commit_id, const std::vector<std::string>& paths, const Stop& stop) const {
  const git_oid tip = oid_of(commit_id);
  git_odb* odb = impl_->odb.get();
  const ReadObject read = [&](const ObjectId& id) -> std::optional<std::string> {
    git_oid oid;
    git_oid_fromraw(&oid, id.data());
    git_odb_object* raw = nullptr;
    const int code = git_odb_read(&raw, odb, &oid);
    if (code == GIT_ENOTFOUND) return std::nullopt;
    if (code != 0) throw impl_->unreadable(code, "an object of its history", oid);
    const OdbObject object(raw);
    return std::string(static_cast<const char*>(git_odb_object_data(object.get())),
                       git_odb_object_size(object.get()));
  };
  ObjectId start;
  std::memcpy(start.data(), tip.id, start.size());

  std::vector<std::optional<Commit>> result;
  std::map<ObjectId, Commit> commits;  // many files come with one commit
  for (const std::optional<ObjectId>& id : introducing_commits(start, paths, read, stop)) {
    if (!id) {
      result.emplace_back();
      continue;
    }
    const auto [known, is_new] = commits.try_emplace(*id);
    if (is_new) {
      git_oid oid;
      git_oid_fromraw(&oid, id->data());
      git_commit* raw = nullptr;
      if (const int code = git_commit_lookup(&raw, impl_->repo.get(), &oid); code != 0) {
        throw impl_->unreadable(code, "a commit of its history", oid);
      }
      known->second = commit_of(CommitHandle(raw).get());
    }
    result.emplace_back(known->second);
  }
  return result;
}

}  // namespace drift::migrations
