// What reading a script directory will most likely ask for, so that a remote can be asked once.
#pragma once

#include <vector>

#include "migrations/alembic/version_files.h"
#include "migrations/alembic/version_locations.h"
#include "migrations/git/repository.h"

namespace drift::migrations {

// The files that `find_configuration` may read.
std::vector<TreeEntry> likely_configuration(const GitTree& tree, const ScriptSettings& settings);

// Where the contents of `tree` are fetched as they are read (GitTree::fetches), fetches these and
// the migrations: those below the folders that `settings` names, else, where only one folder has an
// env.py beside a folder versions, those below that one. A wrong guess costs bytes, or one more
// request later, and nothing else.
void need_likely_files(const GitTree& tree, const ScriptSettings& settings);

// The same once it is known what will be read: the files, and what is below the folders not
// entered.
void need_migrations(const GitTree& tree, const VersionFiles& found);

}  // namespace drift::migrations
