#include "migrations/git/object.h"

// The functions of OpenSSL that take any algorithm read its configuration and load its providers
// first: 0.8 ms, a third of what hashing 3,000 migrations takes. These are there in OpenSSL 3, too.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fmt/format.h>
#include <git2/sys/odb_backend.h>
#include <openssl/sha.h>

#include <array>

namespace drift::migrations {
namespace {

// 0 where `hash` is that of `id`.
int compare(const ObjectId& hash, const git_oid& id) {
  if (hash == id_of(id)) return 0;
  const std::string message =
      fmt::format("object hash mismatch - expected {} but got {}", hex(id), hex(oid_of(hash)));
  git_error_set_str(GIT_ERROR_ODB, message.c_str());
  return GIT_EMISMATCH;
}

}  // namespace

ObjectId object_hash(std::string_view type, std::string_view contents) {
  std::array<char, 32> header;
  const auto written =
      fmt::format_to_n(header.data(), header.size(), "{} {}", type, contents.size());
  *written.out = '\0';
  ObjectId hash;
  SHA_CTX state;
  SHA1_Init(&state);
  SHA1_Update(&state, header.data(), written.size + 1);
  SHA1_Update(&state, contents.data(), contents.size());
  SHA1_Final(hash.data(), &state);
  return hash;
}

void FreeByBackend::operator()(void* data) const { git_odb_backend_data_free(backend, data); }

int read_object(git_odb* odb, const git_oid& id, StoredObject& object) {
  // The packs, the loose objects and the alternates, in the order in which git_odb_read asks them.
  const std::size_t count = git_odb_num_backends(odb);
  for (std::size_t i = 0; i < count; ++i) {
    git_odb_backend* backend = nullptr;
    if (git_odb_get_backend(&backend, odb, i) != 0 || backend->read == nullptr) continue;
    void* data = nullptr;
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const int code = backend->read(&data, &size, &type, backend, &id);
    if (code == GIT_ENOTFOUND || code == GIT_PASSTHROUGH) continue;
    if (code != 0) return code;
    object.data_ = {data, FreeByBackend{backend}};
    object.contents_ = {static_cast<const char*>(data), size};
    return compare(object_hash(git_object_type2string(type), object.contents_), id);
  }
  // Perhaps a pack that was not there when the database was opened: this looks anew. It compares
  // the hash, and knows what to say of an object that is nowhere.
  git_odb_object* raw = nullptr;
  if (const int code = git_odb_read(&raw, odb, &id); code != 0) return code;
  object.cached_.reset(raw);
  object.contents_ = {static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw)};
  return 0;
}

}  // namespace drift::migrations
