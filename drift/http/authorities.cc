#include "drift/http/authorities.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/base64.h"

namespace drift {
namespace {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Name = std::unique_ptr<X509_NAME, Freeing<X509_NAME_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using Method = std::unique_ptr<X509_LOOKUP_METHOD, Freeing<X509_LOOKUP_meth_free>>;

struct Authority {
  Name subject;
  std::size_t begin = 0;  // its DER in the bundle
  std::size_t size = 0;
  Certificate parsed = nullptr;  // once it was asked for
};

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The element that `der` begins with, tag and length included, and what it holds (X.690, 8.1).
struct Element {
  unsigned char tag = 0;
  std::string_view whole, content;
};
std::optional<Element> element_of(std::string_view der) {
  if (der.size() < 2) return std::nullopt;
  std::size_t length = bytes(der)[1];
  std::size_t head = 2;
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets == 0 || octets > 4 || der.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (; head < 2 + octets; ++head) length = length << 8 | bytes(der)[head];
  }
  if (length > der.size() - head) return std::nullopt;
  return Element{bytes(der)[0], der.substr(0, head + length), der.substr(head, length)};
}

// Certificate { tbs { [0] version, serial, algorithm, issuer, validity, subject, ...
// https://www.rfc-editor.org/rfc/rfc5280#section-4.1
std::string_view subject_of(std::string_view certificate) {
  const auto outer = element_of(certificate);
  const auto tbs = outer ? element_of(outer->content) : std::nullopt;
  if (!tbs) return {};
  std::string_view rest = tbs->content;
  int before = 4;
  for (;;) {
    const auto next = element_of(rest);
    if (!next) break;
    const bool is_version = next->tag == 0xa0;  // absent in version 1
    if (!is_version && before-- == 0) return next->whole;
    rest.remove_prefix(next->whole.size());
  }
  return {};
}

}  // namespace

struct Authorities::Impl {
  explicit Impl(CaLocations the_where) : where(std::move(the_where)) {}

  void read();
  void take_bundle(std::string_view pem);
  // OpenSSL's question for certificates of that subject.
  static int find(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* subject,
                  X509_OBJECT* found);

  const CaLocations where;
  std::once_flag once;
  std::string der;
  std::mutex parsing;
  std::vector<Authority> authorities;
  Method method;  // outlives the store that uses it
  Store store;
};

void Authorities::Impl::take_bundle(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  der.reserve(pem.size() * 3 / 4);
  for (std::size_t at; (at = pem.find(kBegin)) != std::string_view::npos;) {
    pem.remove_prefix(at + kBegin.size());
    const std::size_t dashes = pem.find("-----");
    const std::size_t end = pem.find(kEnd);
    if (dashes == std::string_view::npos || end == std::string_view::npos || dashes > end) return;
    const std::string_view label = pem.substr(0, dashes);
    // Not a "TRUSTED CERTIFICATE": what limits that trust stands behind it and would be lost.
    if (label == "CERTIFICATE" || label == "X509 CERTIFICATE") {
      const std::size_t begin = der.size();
      append_base64(pem.substr(dashes + 5, end - dashes - 5), der);
      const std::string_view subject = subject_of(std::string_view(der).substr(begin));
      const unsigned char* cursor = bytes(subject);
      Name name(subject.empty()
                    ? nullptr
                    : d2i_X509_NAME(nullptr, &cursor, static_cast<long>(subject.size())));
      if (name) authorities.push_back({std::move(name), begin, der.size() - begin, nullptr});
    }
    pem.remove_prefix(end);
  }
}

void Authorities::Impl::read() {
  if (!where.file.empty()) {
    std::ifstream file(where.file, std::ios::binary);
    const std::string pem{std::istreambuf_iterator<char>(file), {}};
    take_bundle(pem);
  }
  method.reset(X509_LOOKUP_meth_new("the authorities of a bundle"));
  store.reset(X509_STORE_new());
  if (!method || !store) throw std::bad_alloc{};
  X509_LOOKUP_meth_set_get_by_subject(method.get(), find);
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store.get(), method.get());
  if (lookup == nullptr) throw std::bad_alloc{};
  X509_LOOKUP_set_method_data(lookup, this);
  if (!where.folder.empty()) {
    X509_LOOKUP* folder = X509_STORE_add_lookup(store.get(), X509_LOOKUP_hash_dir());
    if (folder == nullptr) throw std::bad_alloc{};
    X509_LOOKUP_add_dir(folder, where.folder.c_str(), X509_FILETYPE_PEM);
  }
  // As libcurl does: a bundle may name an intermediate authority and trust it alone.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
}

int Authorities::Impl::find(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* subject,
                            X509_OBJECT* found) {
  if (type != X509_LU_X509) return 0;
  auto& self = *static_cast<Impl*>(X509_LOOKUP_get_method_data(lookup));
  X509_STORE* store = X509_LOOKUP_get_store(lookup);
  const std::lock_guard lock(self.parsing);
  bool any = false;
  for (Authority& authority : self.authorities) {
    if (X509_NAME_cmp(authority.subject.get(), subject) != 0) continue;
    if (!authority.parsed) {
      const unsigned char* cursor = bytes(self.der) + authority.begin;
      authority.parsed.reset(d2i_X509(nullptr, &cursor, static_cast<long>(authority.size)));
    }
    X509* certificate = authority.parsed.get();
    // All of that name go into the store, where OpenSSL looks for the one whose key fits.
    if (certificate == nullptr || X509_STORE_add_cert(store, certificate) != 1) continue;
    // As with OpenSSL's own methods, what is found is borrowed: its caller counts itself in.
    if (!any && X509_OBJECT_set1_X509(found, certificate) == 1) {
      X509_free(certificate);
      any = true;
    }
  }
  return any ? 1 : 0;
}

Authorities::Authorities(CaLocations where) : impl_(std::make_unique<Impl>(std::move(where))) {}
Authorities::~Authorities() = default;

const CaLocations& Authorities::where() const { return impl_->where; }

bool Authorities::readable() {
  std::call_once(impl_->once, [this] { impl_->read(); });
  return !impl_->authorities.empty() ||
         (!impl_->where.folder.empty() && ::access(impl_->where.folder.c_str(), R_OK) == 0);
}

void Authorities::lend_to(void* ssl_ctx) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ssl_ctx), impl_->store.get());
}

}  // namespace drift
