#include "drift/cli/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, int code) {
  throw Error{Fault::kReportNotStored,
              fmt::format("cannot write {}: {}", printable(path), std::strerror(code)),
              "check that its folder exists, is writable by this user and has space"};
}

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// Beside `path`, because rename(2) stays within a file system. Not by the process id: in a
// container each run has the same.
std::string name_beside(const std::string& path) {
  return folder_of(path) /
         fmt::format(".{}.{}.tmp", fs::path(path).filename().string(), aws::random_hex(8));
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  std::error_code ignored;
  if (const fs::path real = fs::canonical(path, ignored); !ignored) path_ = real.string();
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) fail(path, EISDIR);
  constexpr mode_t kMode = 0666;  // less the umask
  if (exists && !S_ISREG(status.st_mode)) {
    in_place_ = true;
    file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  } else {
    // Nameless, so that a run that is killed leaves nothing; not every file system has that.
    file_ = Descriptor(::open(folder_of(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kMode));
    if (file_.get() < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
      unfinished_ = name_beside(path_);
      file_ =
          Descriptor(::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode));
    }
  }
  if (file_.get() < 0) {
    unfinished_.clear();
    fail(path, errno);
  }
  // Whoever could read the file before still can, and nobody else.
  if (exists && !in_place_) ::fchmod(file_.get(), status.st_mode & 07777);
  if (::dup2(file_.get(), STDOUT_FILENO) < 0) {
    const int code = errno;
    remove_unfinished();
    fail(path, code);
  }
}

OutputFile::~OutputFile() { remove_unfinished(); }

void OutputFile::remove_unfinished() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
  unfinished_.clear();
}

void OutputFile::keep() {
  if (in_place_) return;
  if (::fsync(file_.get()) != 0) fail(path_, errno);
  if (unfinished_.empty()) {
    // linkat(2) replaces nothing, so the file gets a name of its own before it takes the place.
    const std::string name = name_beside(path_);
    const std::string open_file = fmt::format("/proc/self/fd/{}", file_.get());
    if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      fail(path_, errno);
    }
    unfinished_ = name;
  }
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0) fail(path_, errno);
  unfinished_.clear();
}

}  // namespace drift::cli
