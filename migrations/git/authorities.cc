#include "migrations/git/authorities.h"

#include "drift/base/surroundings.h"
#include "migrations/git/remote.h"

namespace drift::migrations {

CaLocations git_authorities() {
  CaLocations where{environment_or_empty("GIT_SSL_CAINFO"), environment_or_empty("SSL_CERT_DIR")};
  if (where.file.empty()) where.file = environment_or_empty("SSL_CERT_FILE");
  if (where.file.empty() && where.folder.empty()) where.file = system_ca_bundle();
  if (where.file.empty() && where.folder.empty()) throw no_certificates();
  return where;
}

}  // namespace drift::migrations
