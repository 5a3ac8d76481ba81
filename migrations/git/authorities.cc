#include "migrations/git/authorities.h"

#include <stdlib.h>

#include "migrations/git/remote_failure.h"

namespace drift::migrations {

CaLocations git_authorities() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = ::getenv(name);
    return value == nullptr ? "" : value;
  };
  CaLocations where{variable("GIT_SSL_CAINFO"), variable("SSL_CERT_DIR")};
  if (where.file.empty()) where.file = variable("SSL_CERT_FILE");
  if (where.file.empty() && where.folder.empty()) where.file = system_ca_bundle();
  if (where.file.empty() && where.folder.empty()) throw no_certificates();
  return where;
}

}  // namespace drift::migrations
