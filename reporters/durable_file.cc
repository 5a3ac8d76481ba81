#include "reporters/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "drift/aws/digest.h"
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

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void make_folder(const fs::path& folder, mode_t mode) {
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    std::error_code ignored;  // what is in the way is told by the mkdir below
    if (!fs::is_directory(folder.parent_path(), ignored)) make_folder(folder.parent_path(), mode);
  }
  if (::mkdir(folder.c_str(), mode) == 0) return;
  const int why = errno;
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  fail_to_store(folder, std::strerror(why == EEXIST ? ENOTDIR : why));
}

void sync_folder(const fs::path& folder) {
  const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) fail_to_store_errno(folder);
}

TemporaryFile::TemporaryFile(fs::path path, const std::string& content, mode_t mode)
    : path_(std::move(path)) {
  const Descriptor fd{::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (fd.get() < 0) fail_to_store_errno(path_);
  exists_ = true;
  try {
    write_fully(fd.get(), content);
  } catch (const Error& error) {
    remove();
    fail_to_store(path_, error.what());
  }
  if (::fsync(fd.get()) != 0) {
    const std::string why = std::strerror(errno);
    remove();
    fail_to_store(path_, why);
  }
}

TemporaryFile::~TemporaryFile() { remove(); }

void TemporaryFile::remove() {
  if (exists_) ::unlink(path_.c_str());
  exists_ = false;
}

void TemporaryFile::link_to(const fs::path& path) const {
  if (::link(path_.c_str(), path.c_str()) != 0) fail_to_store_errno(path);
}

void TemporaryFile::rename_to(const fs::path& path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) fail_to_store_errno(path);
  exists_ = false;
}

void replace_file(const std::filesystem::path& path, const std::string& content) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  make_folder(folder);
  // Not by the process id: in a container each run has the same, and one that was killed would be
  // in the way of all that follow.
  TemporaryFile file(
      folder / fmt::format(".{}.{}.tmp", path.filename().string(), aws::random_hex(8)), content,
      0644);
  file.rename_to(path);
}

}  // namespace drift::reporters
