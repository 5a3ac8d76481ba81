#include "migrations/git_object.h"

#include <fmt/format.h>

#include <cstring>

#include "migrations/object_hash.h"

namespace drift::migrations {

int read_object(git_odb* odb, const git_oid& id, OdbObject& object) {
  git_odb_object* raw = nullptr;
  if (const int code = git_odb_read(&raw, odb, &id); code != 0) return code;
  object.reset(raw);
  const auto hash =
      object_hash(git_object_type2string(git_odb_object_type(raw)), contents_of(object));
  if (std::memcmp(hash.data(), id.id, hash.size()) == 0) return 0;
  git_oid found;
  git_oid_fromraw(&found, hash.data());
  const std::string message =
      fmt::format("object hash mismatch - expected {} but got {}", hex(id), hex(found));
  git_error_set_str(GIT_ERROR_ODB, message.c_str());
  object.reset();
  return GIT_EMISMATCH;
}

int verify_object(git_odb* odb, const git_oid& id) {
  OdbObject object;
  return read_object(odb, id, object);
}

}  // namespace drift::migrations
