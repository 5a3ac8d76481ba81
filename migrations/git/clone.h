// The bare clone of a remote, brought up to date.
#pragma once

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "migrations/git/open_repository.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

// Clones or fetches the remote into the cache, under the cache's lock. See GitRepository::open.
OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log);

}  // namespace drift::migrations
