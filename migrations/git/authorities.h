// Whom an https:// remote is verified by.
#pragma once

#include "drift/http/authorities.h"

namespace drift::migrations {

// GIT_SSL_CAINFO, SSL_CERT_FILE and SSL_CERT_DIR, as git, curl and OpenSSL's programs read them,
// else the system's bundle. Throws Error{kHostNotVerified} where there is none.
CaLocations git_authorities();

}  // namespace drift::migrations
