// Files that appear whole or not at all, stay after a power cut, and belong to whom the folder
// does.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
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

// While it lives, what this thread makes belongs to the owner of `folder` (or of the nearest folder
// above it that is there), and the kernel lets the thread do there what it lets that owner do: so
// nothing that the owner put in the way leads root astray. Only where root runs and the owner is
// somebody else; root without the right to do so (a container's) stays root.
// setfsuid(2): the other threads stay who they are.
class FolderOwner {
 public:
  explicit FolderOwner(const std::filesystem::path& folder);
  ~FolderOwner();
  FolderOwner(const FolderOwner&) = delete;
  FolderOwner& operator=(const FolderOwner&) = delete;

  // What to try where something could not be written: `otherwise`, unless root writes as the owner.
  std::string hint(const std::string& otherwise) const;

 private:
  struct Ids {
    uid_t user;
    gid_t group;
  };
  std::string folder_;
  std::optional<Ids> owner_;  // who this thread is now, other than root
};

// Puts `content` in the place of `path` in one step: whoever reads it reads the old or the new.
void replace_file(const std::filesystem::path& path, const std::string& content);

[[noreturn]] void fail_to_store(const std::filesystem::path& path, const std::string& why);
[[noreturn]] void fail_to_store(const std::filesystem::path& path, const Untrusted& why);
[[noreturn]] void fail_to_store_errno(const std::filesystem::path& path);

}  // namespace drift::reporters
