#include "migrations/git/repository.h"

#include <map>
#include <memory>
#include <utility>

#include "drift/base/error.h"
#include "migrations/git/clone.h"
#include "migrations/git/file_history.h"
#include "migrations/git/https.h"
#include "migrations/git/library.h"
#include "migrations/git/object.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

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
  return GitRepository(std::move(impl));
}

void GitRepository::prepare() { start_libgit2(); }

std::vector<std::optional<Commit>> GitRepository::introductions(
    const std::string& commit_id, const std::vector<std::string>& paths, const Stop& stop) const {
  const git_oid tip = oid_of(commit_id);
  git_odb* odb = impl_->odb.get();
  const ReadObject read = [&](const ObjectId& id) -> std::optional<std::string> {
    const git_oid oid = oid_of(id);
    StoredObject object;
    const int code = read_object(odb, oid, object);
    if (code == GIT_ENOTFOUND) return std::nullopt;
    if (code != 0) throw impl_->unreadable(code, "an object of its history", oid);
    return std::string(object.contents());
  };
  std::vector<std::optional<Commit>> result;
  std::map<ObjectId, Commit> commits;  // many files come with one commit
  for (const std::optional<ObjectId>& id : introducing_commits(id_of(tip), paths, read, stop)) {
    if (!id) {
      result.emplace_back();
      continue;
    }
    const auto [known, is_new] = commits.try_emplace(*id);
    if (is_new) {
      const git_oid oid = oid_of(*id);
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
