#include "migrations/git/object_hash.h"

// The functions of OpenSSL that take any algorithm read its configuration and load its providers
// first: 0.8 ms, a third of what hashing 3,000 migrations takes. These are there in OpenSSL 3, too.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fmt/format.h>
#include <openssl/sha.h>

namespace drift::migrations {

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

}  // namespace drift::migrations
