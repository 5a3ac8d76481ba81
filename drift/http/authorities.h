// The certificate authorities that a server's certificate is verified against.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

struct x509_store_st;

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

// Read once and lent to every connection: OpenSSL takes 18 ms of processor time for the 144 of a
// usual bundle. Thread-safe.
class Authorities {
 public:
  // Reads nothing yet.
  explicit Authorities(CaLocations where) : where_(std::move(where)) {}

  const CaLocations& where() const { return where_; }

  // False where the file holds none or cannot be read; a later call tries again.
  bool load();

  // Makes `ssl_ctx`, an SSL_CTX of OpenSSL, trust these and no others. Requires `load`.
  void lend_to(void* ssl_ctx);

 private:
  struct FreeStore {
    void operator()(x509_store_st* store) const;
  };
  using Store = std::unique_ptr<x509_store_st, FreeStore>;

  const CaLocations where_;
  std::mutex mutex_;
  Store store_;
};

// Those of `where`, one object a process; where neither is named, those of `system_ca_bundle`.
Authorities& authorities_of(CaLocations where);

}  // namespace drift
