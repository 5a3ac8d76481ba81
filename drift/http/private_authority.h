// Authorities that a person names: by the variables of other programs, and by --ca-file.
#pragma once

#include <string>

#include "drift/http/authorities.h"

namespace drift {

// Those that the variables name which other programs have for it: SSL_CERT_FILE and SSL_CERT_DIR
// (OpenSSL), else CURL_CA_BUNDLE (curl), else REQUESTS_CA_BUNDLE (Python), where a folder may be
// named instead; else those of `system_ca_bundle`. The first that is set counts alone.
CaLocations usual_authorities();

// Whoever is asked from now on is also trusted where an authority in this file signed for them:
// --ca-file. Before anything is asked, and once.
// Throws Error{kConfiguration} where the file cannot be read or holds no PEM certificate.
void trust_also(const std::string& file);

// That file; "" where none was named.
const std::string& also_trusted();

}  // namespace drift
