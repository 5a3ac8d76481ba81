// Keeps libgit2's start from reading the certificates of the machine.
#pragma once

namespace drift::migrations {

// libgit2 built with mbedTLS parses every authority of /etc/ssl/certs/ca-certificates.crt in
// git_libgit2_init, 3 ms that a local repository never needs. While one of these lives, what reads
// a file of certificates on this thread fails, as it does where that file is damaged: libgit2 then
// starts with no authority at all. Nothing here needs any: https goes over drift/http/http
// (git_https.h), which has its own. With another TLS library it has no effect.
class WithoutDefaultCertificates {
 public:
  WithoutDefaultCertificates();
  ~WithoutDefaultCertificates();
  WithoutDefaultCertificates(const WithoutDefaultCertificates&) = delete;
  WithoutDefaultCertificates& operator=(const WithoutDefaultCertificates&) = delete;
};

}  // namespace drift::migrations
