#include "drift/http/ca_bundle.h"

#include <unistd.h>

namespace drift {

std::string system_ca_bundle() {
  for (const char* path :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
    if (::access(path, R_OK) == 0) return path;
  }
  return {};
}

}  // namespace drift
