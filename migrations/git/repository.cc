#include "migrations/git/repository.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "drift/base/error.h"
#include "migrations/git/arrivals.h"
#include "migrations/git/clone.h"
#include "migrations/git/file_history.h"
#include "migrations/git/history.h"
#include "migrations/git/https.h"
#include "migrations/git/library.h"
#include "migrations/git/memory_file.h"
#include "migrations/git/object.h"
#include "migrations/git/partial_clone.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {
namespace {

// `repository` must outlive it.
ReadObject reader_of(const OpenRepository& repository) {
  return [&repository](const ObjectId& id) -> std::optional<std::string> {
    const git_oid oid = oid_of(id);
    StoredObject object;
    const int code = read_object(repository.odb.get(), oid, object);
    if (code == GIT_ENOTFOUND) return std::nullopt;
    if (code != 0) throw repository.unreadable(code, "an object of its history", oid);
    return std::string(object.contents());
  };
}

// The part of a full name that people write, or nothing for a ref that is no branch and no tag.
std::optional<RefTip> named(std::string_view full) {
  using Kind = RefTip::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 3> kNamespaces = {
      {{"refs/heads/", Kind::kBranch},
       {"refs/remotes/", Kind::kRemoteBranch},
       {"refs/tags/", Kind::kTag}}};
  for (const auto& [prefix, kind] : kNamespaces) {
    if (full.starts_with(prefix)) {
      return RefTip{kind, std::string(full.substr(prefix.size())), {}};
    }
  }
  return std::nullopt;
}

void sort(std::vector<RefTip>& tips) {
  std::sort(tips.begin(), tips.end(), [](const RefTip& a, const RefTip& b) {
    return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
  });
}

// The type of what a lightweight tag names only the object tells.
GitRepository::Tips tips_of(PartialClone& partial, git_odb* odb) {
  GitRepository::Tips result;
  for (RefTip& tip : partial.tips()) {
    const git_oid id = oid_of(tip.commit);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (git_odb_read_header(&size, &type, odb, &id) != 0) {
      ++result.unreadable;
    } else if (type == GIT_OBJECT_COMMIT) {
      result.tips.push_back(std::move(tip));
    }
  }
  return result;
}

}  // namespace

GitRepository::GitRepository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GitRepository::GitRepository(GitRepository&&) noexcept = default;
GitRepository& GitRepository::operator=(GitRepository&&) noexcept = default;
GitRepository::~GitRepository() = default;

const std::string& GitRepository::url() const { return impl_->url; }

GitRepository GitRepository::open(std::string_view text, const RemoteAccess& access,
                                  const Stop& stop, const Log& log) {
  const RepositoryLocation location = parse_repository_location(text);
  stop.check("opening the repository");
  start_libgit2();
  auto impl = std::make_unique<Impl>();
  static_cast<OpenRepository&>(*impl) = location.kind == RepositoryLocation::Kind::kLocal
                                            ? open_local(location.path)
                                            : open_remote(location, access, stop, log);
  impl->cache_dir = access.cache_dir;
  return GitRepository(std::move(impl));
}

std::optional<FetchRecord> GitRepository::fetch_record() const {
  return impl_->partial ? impl_->partial->record() : impl_->fetched;
}

bool GitRepository::deepen(const std::string& commit_id, TimePoint since) const {
  return !impl_->partial || impl_->partial->deepen(id_of(oid_of(commit_id)), since);
}

void GitRepository::need_history(const std::string& commit_id, bool of_all_refs) const {
  if (impl_->partial) impl_->partial->need_history(id_of(oid_of(commit_id)), of_all_refs);
}

bool GitRepository::fetches() const { return impl_->partial != nullptr; }

void GitRepository::need_files(const std::vector<ObjectId>& ids) const { impl_->need_files(ids); }

void GitRepository::prepare() { start_libgit2(); }

std::vector<std::optional<Commit>> GitRepository::introductions(
    const std::string& commit_id, const std::vector<std::string>& paths, const Stop& stop) const {
  const git_oid tip = oid_of(commit_id);
  const ReadObject read = reader_of(*impl_);
  std::vector<std::optional<Commit>> result;
  std::map<ObjectId, Commit> commits;  // many files come with one commit
  for (const std::optional<ObjectId>& id : introducing_commits(id_of(tip), paths, read, stop)) {
    if (!id) {
      result.emplace_back();
      continue;
    }
    const auto [known, is_new] = commits.try_emplace(*id);
    if (is_new) {
      known->second = commit(*id);
    }
    result.emplace_back(known->second);
  }
  return result;
}

std::vector<std::optional<GitRepository::Arrival>> GitRepository::arrivals(
    const std::string& commit_id, const std::vector<std::string>& paths, const Stop& stop) const {
  std::vector<std::optional<Arrival>> result;
  std::map<ObjectId, Commit> commits;
  for (const auto& found :
       arriving_commits(object_id_of(commit_id), paths, reader_of(*impl_), stop)) {
    if (!found) {
      result.emplace_back();
      continue;
    }
    const auto [known, is_new] = commits.try_emplace(found->commit);
    if (is_new) known->second = commit(found->commit);
    result.push_back(Arrival{known->second, found->before == kNoTree ? "" : hex_of(found->before)});
  }
  return result;
}

GitRepository::Tips GitRepository::tips() const {
  if (impl_->partial) {
    Tips result = tips_of(*impl_->partial, impl_->odb.get());
    sort(result.tips);
    return result;
  }
  git_reference_iterator* raw_iterator = nullptr;
  if (git_reference_iterator_new(&raw_iterator, impl_->repo.get()) != 0) {
    throw Error{Fault::kRepositoryUnreadable,
                "the refs of " + impl_->url + " cannot be listed: " + last_message(),
                "run `git fsck` there"};
  }
  const ReferenceIterator iterator(raw_iterator);
  Tips result;
  for (git_reference* raw = nullptr; git_reference_next(&raw, iterator.get()) == 0;) {
    const Reference reference(raw);
    std::optional<RefTip> tip = named(git_reference_name(raw));
    if (!tip || git_reference_type(raw) != GIT_REFERENCE_DIRECT) continue;
    git_object* peeled = nullptr;
    const int code = git_reference_peel(&peeled, raw, GIT_OBJECT_COMMIT);
    const Object commit(peeled);
    if (code == 0) {
      tip->commit = id_of(*git_object_id(peeled));
      result.tips.push_back(*std::move(tip));
    } else if (code != GIT_EPEEL && code != GIT_EINVALIDSPEC) {
      ++result.unreadable;
    }
  }
  sort(result.tips);
  return result;
}

History GitRepository::history(const std::vector<ObjectId>& tips,
                               const std::vector<std::string>& folders, const Stop& stop) const {
  const auto has = [odb = impl_->odb.get()](const ObjectId& id) {
    const git_oid oid = oid_of(id);
    return git_odb_exists(odb, &oid) == 1;
  };
  return read_history(tips, folders, reader_of(*impl_), has, memory(), stop);
}

HistoryMemory& GitRepository::memory() const {
  if (!impl_->memory) impl_->memory = MemoryFile(impl_->cache_dir, impl_->url).read();
  return *impl_->memory;
}

void GitRepository::keep_memory() const {
  if (impl_->memory) MemoryFile(impl_->cache_dir, impl_->url).write(*impl_->memory);
}

void GitRepository::changed_files(const ObjectId& before, const ObjectId& after, bool recursive,
                                  const Stop& stop,
                                  const std::function<void(const FileChange&)>& tell) const {
  for_each_changed_file(before, after, recursive, reader_of(*impl_), stop, tell);
}

Commit GitRepository::commit(const ObjectId& id) const {
  const git_oid oid = oid_of(id);
  git_commit* raw = nullptr;
  if (const int code = git_commit_lookup(&raw, impl_->repo.get(), &oid); code != 0) {
    throw impl_->unreadable(code, "a commit of its history", oid);
  }
  return commit_of(CommitHandle(raw).get());
}

std::optional<std::string> GitRepository::blob(const ObjectId& id) const {
  impl_->need_files({id});
  const git_oid oid = oid_of(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  // Asked first: a file beyond the limit must not get into memory.
  const int code = git_odb_read_header(&size, &type, impl_->odb.get(), &oid);
  if (code == GIT_ENOTFOUND) return std::nullopt;
  if (code != 0) throw impl_->unreadable(code, "a file of its history", oid);
  if (type != GIT_OBJECT_BLOB || size > GitTree::kMaxFileBytes) return std::nullopt;
  return reader_of(*impl_)(id);
}

}  // namespace drift::migrations
