#include "drift/http/authorities.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <new>
#include <utility>

namespace drift {
namespace {

// Whether there is one at all. X509_STORE_load_file would refuse the others with a broken one.
bool add_bundle(x509_store_st& store, const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  bool any = false;
  while (file) {
    X509* const certificate = PEM_read_bio_X509_AUX(file.get(), nullptr, nullptr, nullptr);
    if (certificate == nullptr) {
      if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;  // the end
      continue;
    }
    any = X509_STORE_add_cert(&store, certificate) == 1 || any;
    X509_free(certificate);
  }
  return any;
}

}  // namespace

std::string system_ca_bundle() {
  for (const char* path :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
    if (::access(path, R_OK) == 0) return path;
  }
  return {};
}

void Authorities::FreeStore::operator()(x509_store_st* store) const { X509_STORE_free(store); }

bool Authorities::load() {
  const std::lock_guard lock{mutex_};
  if (store_) return true;
  Store fresh(X509_STORE_new());
  if (!fresh) throw std::bad_alloc{};
  const bool read =
      (where_.file.empty() || add_bundle(*fresh, where_.file)) &&
      (where_.folder.empty() || X509_STORE_load_path(fresh.get(), where_.folder.c_str()) == 1);
  ERR_clear_error();  // or a connection's failure would be explained by it
  if (!read) return false;
  // As libcurl does: a bundle may name an intermediate authority and trust it alone.
  X509_STORE_set_flags(fresh.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  store_ = std::move(fresh);
  return true;
}

void Authorities::lend_to(void* ssl_ctx) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ssl_ctx), store_.get());
}

Authorities& authorities_of(CaLocations where) {
  if (where.file.empty() && where.folder.empty()) where.file = system_ca_bundle();
  // Never destroyed: a thread that the run has left behind may still be connecting.
  static auto& mutex = *new std::mutex;
  static auto& known = *new std::list<Authorities>;
  const std::lock_guard lock{mutex};
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Authorities& one) { return one.where() == where; });
  return found == known.end() ? known.emplace_back(std::move(where)) : *found;
}

}  // namespace drift
