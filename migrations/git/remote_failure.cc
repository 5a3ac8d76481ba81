#include "migrations/git/remote_failure.h"

#include <fmt/format.h>

#include "drift/base/base64.h"

namespace drift::migrations {
namespace {

constexpr char kNameCertificates[] =
    "install the package ca-certificates, or name a file of certificates in SSL_CERT_FILE";

bool is_https(const RepositoryLocation& location) {
  return location.kind == RepositoryLocation::Kind::kHttps;
}

// "-p 2222 host" or "host", as ssh-keyscan wants it.
std::string keyscan_arguments(const RepositoryLocation& location) {
  constexpr std::string_view kScheme = "ssh://";
  std::string_view rest = location.url;
  if (rest.substr(0, kScheme.size()) != kScheme) return location.host;
  rest.remove_prefix(kScheme.size());
  rest = rest.substr(0, rest.find('/'));
  const std::size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        rest.find(']', colon) == std::string_view::npos;  // "[::1]" has none
  return has_port ? fmt::format("-p {} {}", rest.substr(colon + 1), location.host) : location.host;
}

}  // namespace

Error credentials_refused(const RepositoryLocation& location,
                          const std::vector<RemoteCredential>& tried) {
  using Kind = RemoteCredential::Kind;
  const auto failed = [](std::string message, std::string hint) {
    return Error{Fault::kAuthenticationFailed, message, std::move(hint)};
  };
  if (is_https(location)) {
    return tried.empty()
               ? failed(fmt::format("the server at {} asks for credentials and none were given",
                                    location.host),
                        "set SCHEMA_DRIFT_GIT_TOKEN to a token that may read the repository")
               : failed(fmt::format("the server at {} refused the credentials", location.host),
                        "check that the token in SCHEMA_DRIFT_GIT_TOKEN has not expired and may "
                        "read the repository");
  }
  if (tried.empty()) {
    return failed(fmt::format("there is no ssh key to sign in to {} with", location.host),
                  "name one with --ssh-key, or start an ssh agent; default keys with a passphrase "
                  "are passed over");
  }
  std::vector<std::string> names;
  for (const RemoteCredential& credential : tried) {
    switch (credential.kind) {
      case Kind::kPassword: names.emplace_back("the password of the URL"); break;
      case Kind::kAgent: names.emplace_back("the ssh agent"); break;
      case Kind::kKeyFile: names.push_back(credential.key_file); break;
    }
  }
  return failed(fmt::format("the server at {} refused the credentials of {} ({})", location.host,
                            tried.front().user, fmt::join(names, ", ")),
                "check that the public key is registered there and may read the repository");
}

Error host_key_refused(const RepositoryLocation& location, std::string_view fingerprint) {
  return Error{
      Fault::kHostNotVerified,
      fmt::format("the key of {} is not the one in known_hosts, or none is there; it sent {}",
                  location.host, fingerprint),
      fmt::format("compare it with the fingerprint that the host publishes, and only then run "
                  "`ssh-keyscan {} >> ~/.ssh/known_hosts`; a key that changes without notice may "
                  "be an attack",
                  keyscan_arguments(location))};
}

Error https_failure(const RepositoryLocation& location, const HttpError& error,
                    const CaLocations& authorities) {
  if (error.kind == HttpFailure::Kind::kCertificate) {
    return Error{Fault::kHostNotVerified, error.what(),
                 "where its authority is a private one, name a file with that one's certificate in "
                 "SSL_CERT_FILE; verification cannot be switched off"};
  }
  if (error.kind == HttpFailure::Kind::kCaBundle) {
    return Error{Fault::kHostNotVerified,
                 fmt::format("the certificates of {} cannot be loaded", authorities.file),
                 kNameCertificates};
  }
  return cannot_be_read(location, error.what(), error.retryable);
}

Error no_certificates() {
  return Error{Fault::kHostNotVerified, "there are no certificates on this machine",
               kNameCertificates};
}

Error redirect_refused(const RepositoryLocation& location, bool to_plain_http) {
  return Error{Fault::kRemoteUnreachable,
               to_plain_http
                   ? fmt::format("{} redirects to plain http, where anybody on the way could forge "
                                 "the migrations",
                                 location.url)
                   : fmt::format("{} redirects to another host, where the credentials must not go",
                                 location.url),
               "give the new URL"};
}

Error cannot_be_read(const RepositoryLocation& location, std::string_view why, bool retryable) {
  return Error{Fault::kRemoteUnreachable, fmt::format("{} cannot be read: {}", location.url, why),
               "check the URL and the way there (DNS, proxy, firewall)", retryable};
}

Error damaged_pack(const RepositoryLocation& location, std::string_view message) {
  return Error{Fault::kRepositoryUnreadable,
               fmt::format("{} sent a damaged pack: {}", location.url, message),
               "run it again; where it stays so, run `git fsck` in the repository on its server"};
}

Error remote_failure(const RepositoryLocation& location, const std::vector<RemoteCredential>& tried,
                     const std::string& message) {
  const auto says = [&](std::string_view text) { return message.find(text) != std::string::npos; };
  // GitHub answers 404 to a token that may not see the repository; over ssh it says so in words.
  if (says("http status code: 404") || says("epository not found") ||
      says("not appear to be a git repository")) {
    return Error{
        Fault::kRepositoryNotFound,
        fmt::format("{} is not there, or may not be seen with these credentials", location.url),
        "check the spelling, and that the token or key may read it"};
  }
  if (says("http status code: 401") || says("http status code: 403")) {
    return credentials_refused(location, tried);
  }
  // What is no clear refusal, such as a key file that libssh2 cannot parse.
  if (!is_https(location) && says("uthenticat")) {
    return Error{Fault::kAuthenticationFailed,
                 fmt::format("cannot sign in to {}: {}", location.host, message),
                 "try the key with the ssh program"};
  }
  return cannot_be_read(location, message, !says("http status code: 4"));
}

std::string sha256_fingerprint(const unsigned char* hash) {
  std::string text = base64_encoded({reinterpret_cast<const char*>(hash), 32});
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

}  // namespace drift::migrations
