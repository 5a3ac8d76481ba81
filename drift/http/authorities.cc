#include "drift/http/authorities.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <list>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/surroundings.h"
#include "drift/http/private_authority.h"

namespace drift {
namespace {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificates = std::vector<std::unique_ptr<X509, FreeCertificate>>;

// X509_STORE_load_file would refuse the others with a broken one.
Certificates certificates_in(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  if (!text) throw std::bad_alloc{};
  Certificates all;
  for (;;) {
    Certificates::value_type one(PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr));
    if (one) {
      all.push_back(std::move(one));
    } else if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
      break;  // the end
    }
  }
  ERR_clear_error();
  return all;
}

// Whether there is one at all. OpenSSL takes longer for a usual bundle than all else that a run
// computes, so the second half is read on a thread of its own where one can be had.
bool add_bundle(x509_store_st& store, const std::string& path) {
  const auto pem = whole_file(path);
  if (!pem) return false;
  const std::string_view text = *pem;
  const std::size_t middle = std::min(text.find("-----BEGIN", text.size() / 2), text.size());
  auto second =
      std::async(std::launch::async | std::launch::deferred, certificates_in, text.substr(middle));
  const Certificates halves[] = {certificates_in(text.substr(0, middle)), second.get()};
  bool any = false;
  for (const Certificates& half : halves) {
    for (const auto& one : half) any = X509_STORE_add_cert(&store, one.get()) == 1 || any;
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
      (where_.folder.empty() || X509_STORE_load_path(fresh.get(), where_.folder.c_str()) == 1) &&
      (also_trusted().empty() || add_bundle(*fresh, also_trusted()));
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
  if (where.file.empty() && where.folder.empty()) where = usual_authorities();
  // Never destroyed: a thread that the run has left behind may still be connecting.
  static auto& mutex = *new std::mutex;
  static auto& known = *new std::list<Authorities>;
  const std::lock_guard lock{mutex};
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Authorities& one) { return one.where() == where; });
  return found == known.end() ? known.emplace_back(std::move(where)) : *found;
}

}  // namespace drift
