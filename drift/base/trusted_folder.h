// One rule for every folder of this machine that we read from: the spool, the cache of clones, the
// reports with their acknowledgements; and for the files that hold a secret.
//
// Whoever may write into such a folder could have us publish what only we can read (a link named
// like a report), believe what we did not write (a forged report or acknowledgement), or wait for
// ever (a pipe). So:
// - The folder belongs to this user or to root. That of the reports may be another user's, because
//   a person named it: root looks at what a service keeps. Not everybody may write into it, unless
//   it is sticky like /tmp; what is read from a spool, not even its group.
// - Links on the way to it are followed where root or this user made them. Below it none is.
// - Files are regular ones of no more than a given size. In a folder that others may write to, they
//   belong to this user, to root or to the folder's owner; a file with two names belongs to the
//   folder's owner, because anybody may give a second name to a file of root's.
//
// Everything is opened relative to the folder's descriptor and looked at after it was opened, so
// that nothing can be exchanged between the look and the use. What is not covered: the file
// system's own answers, such as a network file system that never gives one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "drift/base/descriptor.h"

namespace drift {

// Why a folder or a file is not used. `reason` completes "PATH: ": "it belongs to another user
// (nobody)", "No such file or directory".
struct Untrusted {
  std::string reason;
  int code = 0;                   // of errno where the system refused it
  std::filesystem::path at = {};  // of `below` and `make_below`: how far they came
  // There is nothing of that name.
  bool missing() const;
};

class TrustedFolder {
 public:
  enum class Kind {
    kOwn,      // that we keep something in: --spool-dir, --cache-dir
    kPrivate,  // that nobody else has any business in: the folder of one spool
    kReports,  // that a person named, whoever keeps it
  };

  static std::variant<TrustedFolder, Untrusted> open(const std::filesystem::path& path, Kind kind);
  // The same; what is missing of it is made, with `mode`.
  static std::variant<TrustedFolder, Untrusted> make(const std::filesystem::path& path, Kind kind,
                                                     mode_t mode);

  // A folder below this one ("2026/11/20"), by the rule for `kind`.
  std::variant<TrustedFolder, Untrusted> below(const std::filesystem::path& relative,
                                               Kind kind) const;
  std::variant<TrustedFolder, Untrusted> make_below(const std::filesystem::path& relative,
                                                    Kind kind, mode_t mode) const;

  // The text of a file in this folder.
  std::variant<std::string, Untrusted> read(const std::string& name, std::size_t most) const;

  // The names in it, hidden ones too, sorted; the first `most` that the system gives, or all.
  std::variant<std::vector<std::string>, Untrusted> names(std::size_t most) const;

  // For openat(2) and the like.
  int fd() const { return fd_.get(); }
  uid_t owner() const { return owner_; }

 private:
  TrustedFolder(Descriptor fd, Kind kind) : fd_(std::move(fd)), kind_(kind) {}
  static std::variant<TrustedFolder, Untrusted> checked(Descriptor fd, Kind kind);
  static std::variant<TrustedFolder, Untrusted> walk(const std::filesystem::path& path, Kind kind,
                                                     const mode_t* make_with);
  std::variant<TrustedFolder, Untrusted> descend(const std::filesystem::path& relative, Kind kind,
                                                 const mode_t* make_with) const;

  Descriptor fd_;
  Kind kind_;
  uid_t owner_ = 0;
  mode_t mode_ = 0;
};

// Text of a file that a person named, such as a secret's: a regular file, with links followed where
// root or this user made them, that belongs to this user or to root and that not everybody may
// change. Reading it never waits for somebody who writes.
std::variant<std::string, Untrusted> read_trusted_file(const std::filesystem::path& path,
                                                       std::size_t most);

}  // namespace drift
