// Certificate authorities, read one by one as servers name them.
#pragma once

#include <memory>

#include "drift/http/ca_bundle.h"

namespace drift {

// Parsing the 144 authorities of a usual bundle takes OpenSSL 16 ms of processor time; a run needs
// two or three of them. So the bundle is only looked through for names, and what a server's chain
// asks for is parsed when it is asked for. Thread-safe. The only user of OpenSSL's certificates.
class Authorities {
 public:
  // Reads nothing yet.
  explicit Authorities(CaLocations where);
  ~Authorities();
  Authorities(const Authorities&) = delete;
  Authorities& operator=(const Authorities&) = delete;

  const CaLocations& where() const;

  // Whether there is something to trust there: reads the bundle, once.
  bool readable();

  // Makes `ssl_ctx`, an SSL_CTX of OpenSSL, trust these and no others. Requires `readable`.
  void lend_to(void* ssl_ctx);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift
