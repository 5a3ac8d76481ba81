#include "migrations/git/memory_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <variant>

#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/trusted_folder.h"
#include "migrations/git/clone.h"

namespace drift::migrations {
namespace {

using Kind = TrustedFolder::Kind;

// Whether `name` still is the file that is open: whoever held the lock before may have renamed it.
bool is_called(const Descriptor& file, int folder, const std::string& name) {
  struct stat own {
  }, there{};
  return ::fstat(file.get(), &own) == 0 &&
         ::fstatat(folder, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         own.st_dev == there.st_dev && own.st_ino == there.st_ino && S_ISREG(own.st_mode) &&
         own.st_uid == ::geteuid() && own.st_nlink == 1;
}

}  // namespace

MemoryFile::MemoryFile(std::string cache_dir, const std::string& url)
    : cache_dir_(std::move(cache_dir)),
      name_(std::filesystem::path(cache_folder_name(url)).replace_extension(".history").string()) {}

HistoryMemory MemoryFile::read() const {
  HistoryMemory memory;
  if (cache_dir_.empty()) return memory;
  const auto opened = TrustedFolder::open(cache_dir_, Kind::kOwn);
  if (const auto* folder = std::get_if<TrustedFolder>(&opened)) {
    const auto bytes = folder->read(name_, kMostBytes);
    if (const auto* known = std::get_if<std::string>(&bytes)) memory.restore(*known);
  }
  return memory;
}

void MemoryFile::write(const HistoryMemory& memory) const {
  if (cache_dir_.empty() || memory.learnt() < kFewEntries) return;
  const std::string bytes = memory.stored();
  if (bytes.size() > kMostBytes) return;
  const auto made = TrustedFolder::make(cache_dir_, Kind::kOwn, 0700);
  if (std::holds_alternative<Untrusted>(made)) return;
  const int folder = std::get<TrustedFolder>(made).fd();
  // One name, so that runs that were killed leave one file at most.
  const std::string growing = name_ + ".new";
  const Descriptor file{::openat(folder, growing.c_str(),
                                 O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)};
  if (file.get() < 0 || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  if (!is_called(file, folder, growing) || ::ftruncate(file.get(), 0) != 0) return;
  try {
    write_fully(file.get(), bytes);
    ::renameat(folder, growing.c_str(), folder, name_.c_str());
  } catch (const Error&) {
    ::unlinkat(folder, growing.c_str(), 0);  // a full disk
  }
}

}  // namespace drift::migrations
