// What a remote sends, as it comes: how much of it is taken, and what its server says to people.
// https://git-scm.com/docs/gitprotocol-common and gitprotocol-pack
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "migrations/git/remote.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

// Of one conversation. libgit2 takes whatever comes: it keeps each ref in memory and writes each
// byte of a pack to the disk.
class GitReception {
 public:
  enum class Part { kRefs, kPack };

  static constexpr std::size_t kMostRefBytes = 64u << 20;  // about a million refs
  static constexpr std::size_t kMostTextBytes = 1u << 20;  // progress and messages

  // The references must outlive it.
  GitReception(const RepositoryLocation& location, const std::vector<RemoteCredential>& credentials,
               std::uint64_t max_pack_bytes,
               std::shared_ptr<std::atomic<std::uint64_t>> received = nullptr);

  // What is taken next is the beginning of such an answer.
  void begin(Part part);
  // False once more has come than is taken; see `failure`.
  bool take(std::string_view bytes);

  const std::optional<Error>& failure() const { return failure_; }
  // All that came, of refs and packs.
  std::uint64_t bytes() const { return ref_bytes_ + pack_bytes_; }
  // What the server said when it gave up (ERR, or sideband 3), and the last of its messages
  // (sideband 2) that is no progress; one printable line without our credentials, or "".
  std::string fatal() const { return shown(fatal_); }
  std::string said() const { return shown(said_); }

 private:
  void read(std::string_view bytes);
  void end_packet();
  void heard(std::string_view text);
  std::string shown(std::string text) const;
  void refuse(const std::string& what, std::string hint);

  const RepositoryLocation& location_;
  const std::vector<RemoteCredential>& credentials_;
  std::uint64_t max_pack_bytes_;
  const std::shared_ptr<std::atomic<std::uint64_t>> received_;  // RemoteAccess::received
  Part part_ = Part::kRefs;
  std::uint64_t ref_bytes_ = 0, pack_bytes_ = 0, text_bytes_ = 0;
  // A packet of the protocol: four digits with its length, and so many bytes less four.
  bool in_packets_ = true;  // until something else comes, such as a pack without a sideband
  std::string digits_;
  std::size_t left_ = 0;
  std::string kept_;  // its beginning
  std::string fatal_, said_;
  std::optional<Error> failure_;
};

}  // namespace drift::migrations
