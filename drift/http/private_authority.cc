#include "drift/http/private_authority.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"

namespace drift {
namespace {

std::string& named_file() {
  // Never destroyed: a thread that the run has left behind may still be connecting.
  static auto& file = *new std::string;
  return file;
}

}  // namespace

CaLocations usual_authorities() {
  CaLocations where{environment_or_empty("SSL_CERT_FILE"), environment_or_empty("SSL_CERT_DIR")};
  for (const char* variable : {"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    if (!where.file.empty() || !where.folder.empty()) break;
    const std::string named = environment_or_empty(variable);
    std::error_code ignored;
    (std::filesystem::is_directory(named, ignored) ? where.folder : where.file) = named;
  }
  if (where.file.empty() && where.folder.empty()) where.file = system_ca_bundle();
  return where;
}

void trust_also(const std::string& file) {
  constexpr const char* kHint =
      "--ca-file takes a file of PEM certificates: -----BEGIN CERTIFICATE-----";
  if (!whole_file(file)) {
    throw Error{Fault::kConfiguration, fmt::format("cannot read --ca-file {}", printable(file)),
                kHint};
  }
  if (!Authorities({file, ""}).load()) {
    throw Error{Fault::kConfiguration,
                fmt::format("there is no certificate in --ca-file {}", printable(file)), kHint};
  }
  named_file() = file;
}

const std::string& also_trusted() { return named_file(); }

}  // namespace drift
