// What brings a bare clone up to date: one conversation with its remote.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "drift/base/stop.h"
#include "migrations/git/repository.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

struct Fetched {
  bool has_default_branch = false;  // the remote's HEAD names a branch
  unsigned objects = 0;
  std::size_t bytes = 0;                // that came, refs included
  std::optional<unsigned> round_trips;  // requests; nothing over ssh, which has none
};

class UploadPack;

// Makes the bare clone at `path` the image of the remote: its branches and tags, and what they
// reach. `is_new`: nothing has been fetched into it yet. `https`: the conversation, perhaps begun
// (UploadPack::greet), null over ssh. Certificates and host keys are verified
// even where libgit2 reports success: nothing is worth more than that check.
//
// Over ssh it runs on a thread of its own, because libgit2 and libssh2 wait for as long as the
// other side is silent. Once `stop` is due that thread is left behind: it ends at the next byte
// that comes, or with the process, and may until then still write below `path`.
//
// Throws what `Stop::check` throws; Error{kCacheUnusable} where the clone is at fault; for the rest
// what remote.h names.
Fetched fetch(const std::string& path, bool is_new, const RepositoryLocation& location,
              const RemoteAccess& access, UploadPack* https, const Stop& stop);

}  // namespace drift::migrations
