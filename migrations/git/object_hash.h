// The id under which git keeps an object.
#pragma once

#include <string_view>

#include "migrations/git/object_id.h"

namespace drift::migrations {

// SHA-1 of "TYPE SIZE\0" and the contents:
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
// `type` is one of git's four names ("blob", "tree", "commit", "tag").
ObjectId object_hash(std::string_view type, std::string_view contents);

}  // namespace drift::migrations
