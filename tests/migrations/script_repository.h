// A repository with a script directory, for tests that ask where its migrations are.
#pragma once

#include <optional>
#include <string>

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "migrations/git/repository.h"
#include "tests/migrations/temporary_repository.h"

namespace drift::migrations {

struct ScriptRepository : TemporaryRepository {
  // A file that Alembic would load.
  void write_migration(const std::string& path, const std::string& id,
                       const std::string& down_revision = "None") const {
    write(path, "\"\"\"Change " + id +
                    "\n\nCreate Date: 2026-01-02 03:04:05\n\"\"\"\nrevision = '" + id +
                    "'\ndown_revision = " + down_revision + "\n");
  }

  // What was written, committed.
  GitTree tree() const {
    commit();
    return head();
  }

  GitTree head() const {
    const Stop stop;
    const Log log{LogFormat::kText, LogLevel::kError};
    return GitRepository::open(path(), RemoteAccess{}, stop, log).tree_at("");
  }
};

}  // namespace drift::migrations
