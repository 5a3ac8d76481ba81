// Looks at loose objects before libgit2 does.
#pragma once

#include "migrations/git/library.h"

namespace drift::migrations {

// libgit2 1.5 never comes back from a loose object whose compressed bytes end too early, as a full
// disk or a power cut leave them: git_zstream_get_output asks zlib again and again for what is not
// there (https://github.com/libgit2/libgit2/blob/v1.5.1/src/libgit2/zstream.c). With this guard
// such a read fails at once and says what is wrong; what is sound libgit2 reads. Packs are asked
// before it and cost nothing more.
//
// Requires expect_loose_guards() before `repo` was opened. Where it cannot be had (no memory),
// reads are as they were.
void guard_loose_objects(git_repository* repo, git_odb* odb);

// Makes room for the guard between packs and loose objects in every database opened from now on.
void expect_loose_guards();

}  // namespace drift::migrations
