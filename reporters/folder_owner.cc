#include "reporters/folder_owner.h"

#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

namespace drift::reporters {

namespace fs = std::filesystem;

FolderOwner::FolderOwner(const fs::path& folder) : folder_(folder.string()) {
  if (::geteuid() != 0) return;
  fs::path existing = fs::absolute(folder);
  struct stat status {};
  while (::stat(existing.c_str(), &status) != 0) {
    if (existing == existing.parent_path()) return;
    existing = existing.parent_path();
  }
  if (status.st_uid == 0) return;
  // These say nothing about success: a second call with an id that cannot be tells who one is.
  constexpr uid_t kNobody = static_cast<uid_t>(-1);
  ::setfsgid(status.st_gid);
  ::setfsuid(status.st_uid);
  if (static_cast<uid_t>(::setfsuid(kNobody)) != status.st_uid) {
    ::setfsgid(::getegid());
    return;
  }
  owner_ = Ids{status.st_uid, status.st_gid};
}

FolderOwner::~FolderOwner() {
  if (!owner_) return;
  ::setfsuid(::geteuid());
  ::setfsgid(::getegid());
}

std::string FolderOwner::hint(const std::string& otherwise) const {
  if (!owner_) return otherwise;
  return fmt::format(
      "root writes there as the folder's owner: give them all of it with chown -R {}:{} {}",
      owner_->user, owner_->group, folder_);
}

}  // namespace drift::reporters
