// The certificate authorities that the system trusts.
#pragma once

#include <string>

namespace drift {

// The first that is there of Debian's and Amazon Linux's bundle of PEM certificates; "" where
// neither is, and the TLS library has to know better.
std::string system_ca_bundle();

// Where authorities are read from; both may be named.
struct CaLocations {
  std::string file;    // PEM certificates, any number
  std::string folder;  // one a file, named by the hash of its subject (openssl-rehash(1))

  bool operator==(const CaLocations&) const = default;
};

}  // namespace drift
