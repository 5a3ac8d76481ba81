// Files that appear whole or not at all, and stay after a power cut.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace drift::reporters {

// All throw Error{kReportNotStored} "cannot write PATH: REASON": what is written is a report, a
// record beside reports, or metrics.

void make_folder(const std::filesystem::path& folder, mode_t mode = 0777);

// Makes what was linked, renamed or removed in `folder` durable.
void sync_folder(const std::filesystem::path& folder);

// A whole, synced file under a name that nobody looks at; removed again unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(std::filesystem::path path, const std::string& content, mode_t mode);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // Gives the file a name that must not exist yet: rename(2) would overwrite evidence.
  void link_to(const std::filesystem::path& path) const;
  // Takes the place of whatever has that name.
  void rename_to(const std::filesystem::path& path);

 private:
  void remove();

  std::filesystem::path path_;
  bool exists_ = false;
};

// Puts `content` in the place of `path` in one step: whoever reads it reads the old or the new.
void replace_file(const std::filesystem::path& path, const std::string& content);

// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail_to_store(const std::filesystem::path& path, const std::string& why);
[[noreturn]] void fail_to_store_errno(const std::filesystem::path& path);

}  // namespace drift::reporters
