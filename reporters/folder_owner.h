// Whose a folder of reports is, and how root writes there without leaving what its owner cannot
// use.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace drift::reporters {

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

}  // namespace drift::reporters
