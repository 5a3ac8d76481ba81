#include "migrations/git_object.h"

#include <fmt/format.h>

#include "migrations/object_hash.h"

namespace drift::migrations {

int read_object(git_odb* odb, const git_oid& id, OdbObject& object) {
  git_odb_object* raw = nullptr;
  if (const int code = git_odb_read(&raw, odb, &id); code != 0) return code;
  object.reset(raw);
  const auto hash =
      object_hash(git_object_type2string(git_odb_object_type(raw)), contents_of(object));
  if (hash == id_of(id)) return 0;
  const std::string message =
      fmt::format("object hash mismatch - expected {} but got {}", hex(id), hex(oid_of(hash)));
  git_error_set_str(GIT_ERROR_ODB, message.c_str());
  object.reset();
  return GIT_EMISMATCH;
}

int verify_object(git_odb* odb, const git_oid& id) {
  OdbObject object;
  return read_object(odb, id, object);
}

}  // namespace drift::migrations
