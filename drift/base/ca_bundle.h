// The certificate authorities that the system trusts.
#pragma once

#include <string>

namespace drift {

// The first that is there of Debian's and Amazon Linux's bundle of PEM certificates; "" where
// neither is, and the TLS library has to know better.
std::string system_ca_bundle();

}  // namespace drift
