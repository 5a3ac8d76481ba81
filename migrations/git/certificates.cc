#include "migrations/git/certificates.h"

#include <dlfcn.h>

namespace {

thread_local bool withheld = false;

}  // namespace

// libgit2 has no option for this, but it asks another shared library, mbedTLS, for the file. A
// function of that name in the program comes before the library's: ld.so(8), "symbol interposition"
// in https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html#shobj_dependencies. Declared
// as in mbedtls/x509_crt.h, with its structure left opaque, since nothing here looks into it.
extern "C" [[gnu::visibility("default")]] int mbedtls_x509_crt_parse_file(void* chain,
                                                                          const char* path) {
  constexpr int kFileIoError = -0x2900;  // MBEDTLS_ERR_X509_FILE_IO_ERROR
  if (withheld) return kFileIoError;
  using Parse = int (*)(void*, const char*);
  static const auto parse =
      reinterpret_cast<Parse>(::dlsym(RTLD_NEXT, "mbedtls_x509_crt_parse_file"));
  return parse == nullptr ? kFileIoError : parse(chain, path);
}

namespace drift::migrations {

WithoutDefaultCertificates::WithoutDefaultCertificates() { withheld = true; }
WithoutDefaultCertificates::~WithoutDefaultCertificates() { withheld = false; }

}  // namespace drift::migrations
