// Files that appear whole or not at all, and stay after a power cut.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "drift/base/trusted_folder.h"

namespace drift::reporters {

// All throw Error{kReportNotStored} "cannot write PATH: REASON": what is written is a report, a
// record beside reports, or metrics.

// The folder of the reports, or one below it; what is missing is made.
TrustedFolder report_folder(const std::filesystem::path& folder,
                            const std::filesystem::path& below = {});

// Makes what was linked, renamed or removed in a folder durable. `path` is for the message.
void sync_folder(int folder, const std::filesystem::path& path);

// A whole, synced file under a name that nobody looks at; removed again unless it was renamed.
class TemporaryFile {
 public:
  // In the folder that `folder` is open on, and that lies at `path`.
  TemporaryFile(int folder, std::filesystem::path path, std::string name,
                const std::string& content, mode_t mode);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // Gives the file a name that must not exist yet: rename(2) would overwrite evidence.
  void link_to(const std::string& name) const;
  // Takes the place of whatever has that name.
  void rename_to(const std::string& name);

 private:
  void remove();

  int folder_;
  std::filesystem::path path_;
  std::string name_;
  bool exists_ = false;
};

// Puts `content` in the place of `path` in one step: whoever reads it reads the old or the new.
void replace_file(const std::filesystem::path& path, const std::string& content);

[[noreturn]] void fail_to_store(const std::filesystem::path& path, const std::string& why);
[[noreturn]] void fail_to_store(const std::filesystem::path& path, const Untrusted& why);
[[noreturn]] void fail_to_store_errno(const std::filesystem::path& path);

}  // namespace drift::reporters
