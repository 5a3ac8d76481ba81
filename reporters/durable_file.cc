#include "reporters/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/output.h"

namespace drift::reporters {

namespace fs = std::filesystem;

void fail_to_store(const fs::path& path, const std::string& why) {
  throw Error{
      Fault::kReportNotStored, fmt::format("cannot write {}: {}", path.string(), why),
      "check that its folder exists or can be made, is writable by this user and has space"};
}

void fail_to_store_errno(const fs::path& path) { fail_to_store(path, std::strerror(errno)); }

void fail_to_store(const fs::path& path, const Untrusted& why) {
  if (why.code != 0) fail_to_store(path, why.reason);
  throw Error{
      Fault::kReportNotStored, fmt::format("cannot write {}: {}", path.string(), why.reason),
      "give a folder that nobody else can change: it belongs to this user, and chmod o-w was "
      "done to it"};
}

TrustedFolder report_folder(const fs::path& folder, const fs::path& below) {
  // Less the umask. Never for everybody to write, whatever the umask says: such a folder would not
  // be read again.
  constexpr mode_t kMode = 0775;
  auto top = TrustedFolder::make(folder, TrustedFolder::Kind::kReports, kMode);
  if (const auto* why = std::get_if<Untrusted>(&top)) fail_to_store(folder, *why);
  if (below.empty()) return std::move(std::get<TrustedFolder>(top));
  auto made = std::get<TrustedFolder>(top).make_below(below, TrustedFolder::Kind::kReports, kMode);
  if (const auto* why = std::get_if<Untrusted>(&made)) {
    fail_to_store(why->at.empty() ? folder : folder / why->at, *why);
  }
  return std::move(std::get<TrustedFolder>(made));
}

void sync_folder(int folder, const fs::path& path) {
  if (::fsync(folder) != 0) fail_to_store_errno(path);
}

TemporaryFile::TemporaryFile(int folder, fs::path path, std::string name,
                             const std::string& content, mode_t mode)
    : folder_(folder), path_(std::move(path)), name_(std::move(name)) {
  // O_EXCL: neither a link nor what somebody else put there.
  const Descriptor fd{
      ::openat(folder_, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (fd.get() < 0) fail_to_store_errno(path_ / name_);
  exists_ = true;
  try {
    write_fully(fd.get(), content);
  } catch (const Error& error) {
    remove();
    fail_to_store(path_ / name_, error.what());
  }
  if (::fsync(fd.get()) != 0) {
    const std::string why = std::strerror(errno);
    remove();
    fail_to_store(path_ / name_, why);
  }
}

TemporaryFile::~TemporaryFile() { remove(); }

void TemporaryFile::remove() {
  if (exists_) ::unlinkat(folder_, name_.c_str(), 0);
  exists_ = false;
}

void TemporaryFile::link_to(const std::string& name) const {
  if (::linkat(folder_, name_.c_str(), folder_, name.c_str(), 0) != 0) {
    fail_to_store_errno(path_ / name);
  }
}

void TemporaryFile::rename_to(const std::string& name) {
  if (::renameat(folder_, name_.c_str(), folder_, name.c_str()) != 0) {
    fail_to_store_errno(path_ / name);
  }
  exists_ = false;
}

void replace_file(const fs::path& path, const std::string& content) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  // Nothing is read from it, and a monitor's folder is another user's: it need not be trusted.
  std::error_code ignored;  // what is in the way is told by the open below
  fs::create_directories(folder, ignored);
  const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.get() < 0) fail_to_store_errno(folder);
  // Not by the process id: in a container each run has the same, and one that was killed would be
  // in the way of all that follow.
  TemporaryFile file(fd.get(), folder,
                     fmt::format(".{}.{}.tmp", path.filename().string(), aws::random_hex(8)),
                     content, 0644);
  file.rename_to(path.filename().string());
}

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
