#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "drift/base/error.h"
#include "migrations/git/library.h"
#include "migrations/git/object.h"
#include "migrations/git/partial_clone.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {

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

  // Contents of the blob of that id.
  std::string blob(const git_oid& id, std::string_view path) const {
    repository->need_files({id_of(id)});
    require_readable_size(id, path);
    StoredObject object;
    const int code = read_object(repository->odb.get(), id, object);
    if (code != 0) throw repository->unreadable(code, path, id);
    return std::string(object.contents());
  }

  // Asked first: a file beyond the limit must not get into memory.
  void require_readable_size(const git_oid& id, std::string_view path) const {
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const int code = git_odb_read_header(&size, &type, repository->odb.get(), &id);
    if (code != 0) throw repository->unreadable(code, path, id);
    if (type != GIT_OBJECT_BLOB) {
      throw Error{Fault::kRepositoryUnreadable,
                  fmt::format("{} is not a file in {} (object {} is a {})", path, repository->url,
                              hex(id), git_object_type2string(type)),
                  "run `git fsck` there"};
    }
    if (size <= kMaxFileBytes) return;
    throw Error{Fault::kRepositoryUnreadable,
                fmt::format("{} has {} bytes, more than the {} that a migration may have", path,
                            size, kMaxFileBytes),
                "take it out of the versions folder"};
  }

  // Follows `path` from the root as a file system would: ".." leaves the folder that a symlink led
  // to. Nothing where it leads nowhere, out of the tree or in a circle.
  std::optional<Found> find(std::string_view path, LastLink last_link);
};

namespace {

TreeEntry entry_of(const git_tree_entry* entry) {
  TreeEntry result;
  result.name = git_tree_entry_name(entry);
  result.object_id = id_of(*git_tree_entry_id(entry));
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
    const std::string_view component = base_name(path);
    if (!component.empty() && component != ".") pending.emplace_back(component);
    path = parent_of(path);
  }
}

Error submodule_error(std::string_view path, std::string_view submodule) {
  return Error{Fault::kUnsupported,
               path == submodule
                   ? fmt::format("{} is a submodule, whose files are in another repository", path)
                   : fmt::format("{} is in the submodule {}, whose files are in another "
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
  entry.object_id = id_of(*git_tree_id(folders.back().tree.get()));
  const std::string& full = folders.back().path;
  entry.name = base_name(full);
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
  // git sorts "a" the folder behind "a.py"; a person and Alembic sort by name alone. Without
  // folders the two orders are one.
  const auto by_name = [](const TreeEntry& a, const TreeEntry& b) { return a.name < b.name; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_name)) {
    std::sort(entries.begin(), entries.end(), by_name);
  }
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

bool GitTree::fetches() const { return impl_->repository->partial != nullptr; }

void GitTree::need(const std::vector<TreeEntry>& files) const {
  if (!fetches()) return;
  std::vector<ObjectId> ids;
  for (const TreeEntry& file : files) {
    const bool is_blob =
        file.kind == TreeEntry::Kind::kFile || file.kind == TreeEntry::Kind::kSymlink;
    if (is_blob) ids.push_back(file.object_id);
  }
  impl_->repository->need_files(ids);
}

std::optional<std::string> GitTree::real_path(std::string_view path) const {
  std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  return std::move(found->path);
}

GitTree GitRepository::tree_at(std::string_view ref) const {
  const std::string wanted = ref.empty() ? "HEAD" : std::string(ref);
  if (wanted == "HEAD" && !impl_->has_default_branch) {
    throw Error{Fault::kRefNotFound, fmt::format("{} has no default branch", impl_->url),
                impl_->names_hint(wanted)};
  }
  const std::string expression = impl_->expression_for(wanted);
  git_repository* repo = impl_->repo.get();
  git_object* raw = nullptr;
  int code = git_revparse_single(&raw, repo, expression.c_str());
  if (code == GIT_ENOTFOUND && !impl_->cached_at.empty() && wanted.starts_with("origin/")) {
    // In the bare clone of a remote its branches are not under origin/, as they are for people.
    if (git_revparse_single(&raw, repo, wanted.c_str() + std::strlen("origin/")) == 0) code = 0;
  }
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
  impl_->gave_tree = true;
  return GitTree(std::move(impl));
}

}  // namespace drift::migrations
