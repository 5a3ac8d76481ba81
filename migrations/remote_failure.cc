#include "migrations/remote_failure.h"

#include <fmt/format.h>

namespace drift::migrations {
namespace {

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

// mbedTLS gives several reasons, one a line, each a sentence: joined, and without capitals.
std::string as_clause(std::string_view sentences) {
  std::string result;
  bool first = true;
  for (const char c : sentences) {
    if (c == '\n') {
      result += "; ";
      first = true;
      continue;
    }
    result += first && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    first = false;
  }
  return result;
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

Error certificate_refused(const RepositoryLocation& location, std::string_view reason) {
  // "the SSL certificate is invalid: 0x08 - The certificate is not ..."
  if (const std::size_t dash = reason.find(" - "); dash != std::string_view::npos) {
    reason.remove_prefix(dash + 3);
  }
  return Error{
      Fault::kHostNotVerified,
      fmt::format("the certificate of {} is not valid: {}", location.host, as_clause(reason)),
      "where its authority is a private one, name a file with that one's certificate in "
      "SSL_CERT_FILE; verification cannot be switched off"};
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
  if (says("cannot redirect")) {
    return Error{Fault::kRemoteUnreachable,
                 fmt::format("{} redirects to another host, where the credentials must not go",
                             location.url),
                 "give the new URL"};
  }
  // What is no clear refusal, such as a key file that libssh2 cannot parse.
  if (!is_https(location) && says("uthenticat")) {
    return Error{Fault::kAuthenticationFailed,
                 fmt::format("cannot sign in to {}: {}", location.host, message),
                 "try the key with the ssh program"};
  }
  const bool may_pass = !says("http status code: 4");
  return Error{Fault::kRemoteUnreachable,
               fmt::format("{} cannot be read: {}", location.url, message),
               "check the URL and the way there (DNS, proxy, firewall)", may_pass};
}

std::string sha256_fingerprint(const unsigned char* hash) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result = "SHA256:";
  unsigned bits = 0;
  int count = 0;
  for (int i = 0; i < 32; ++i) {
    bits = (bits << 8 | hash[i]) & 0xffffu;
    for (count += 8; count >= 6; count -= 6) result += kLetters[bits >> (count - 6) & 63u];
  }
  result += kLetters[bits << (6 - count) & 63u];
  return result;
}

}  // namespace drift::migrations
