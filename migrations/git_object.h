// Reads git objects and makes sure that they are the ones that were asked for.
#pragma once

#include "migrations/git_library.h"

namespace drift::migrations {

// git_odb_read, with the hash of what was read compared with `id`. A code of libgit2's, 0 for
// success; GIT_EMISMATCH, with a message, where the contents belong to another id.
//
// libgit2 would do the same (GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION), and is told not to: its
// SHA-1 also looks for the marks of a collision attack, at five times the price, 40 % of a bare
// read of every migration. Such an attack has to be met where objects come in, which is in git and
// in libgit2's indexer, and is met there; here it is only damage that matters, and a file of the
// object database that ended up under another's name.
int read_object(git_odb* odb, const git_oid& id, OdbObject& object);

// The same for an object that libgit2 itself reads and parses (a commit, a tree).
int verify_object(git_odb* odb, const git_oid& id);

inline std::string_view contents_of(const OdbObject& object) {
  return {static_cast<const char*>(git_odb_object_data(object.get())),
          git_odb_object_size(object.get())};
}

}  // namespace drift::migrations
