// Reads git objects and makes sure that they are the ones that were asked for.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "migrations/git/library.h"

namespace drift::migrations {

// The id under which git keeps an object: SHA-1 of "TYPE SIZE\0" and the contents:
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
// `type` is one of git's four names ("blob", "tree", "commit", "tag").
ObjectId object_hash(std::string_view type, std::string_view contents);

struct FreeByBackend {
  git_odb_backend* backend = nullptr;
  void operator()(void* data) const;
};

// An object in memory. Valid as long as its database.
class StoredObject {
 public:
  std::string_view contents() const { return contents_; }

 private:
  friend int read_object(git_odb* odb, const git_oid& id, StoredObject& object);
  std::unique_ptr<void, FreeByBackend> data_;  // one of the two owns the contents
  OdbObject cached_;
  std::string_view contents_;
};

// git_odb_read, with the hash compared in a faster way. A code of libgit2's, 0 for success;
// GIT_EMISMATCH, with a message, where the contents belong to another id.
//
// Whatever else libgit2 reads (commits, tags, trees) it compares itself
// (GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION is its default). But its SHA-1 also looks for the marks
// of a collision attack, at four times the price: 40 % of what reading every migration takes. Such
// an attack has to be met where objects come in, by git or libgit2's indexer; here it is damage
// that matters, and a file of the object database that ended up under another's name.
int read_object(git_odb* odb, const git_oid& id, StoredObject& object);

}  // namespace drift::migrations
