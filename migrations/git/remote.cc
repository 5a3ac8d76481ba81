#include "migrations/git/remote.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <variant>

#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/surroundings.h"
#include "drift/base/trusted_folder.h"

namespace drift::migrations {
namespace {

// As ssh does: who runs this, where the URL names nobody.
std::string login_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? "git" : entry->pw_name;
}

std::variant<std::string, Untrusted> contents(const std::string& path) {
  return read_trusted_file(path, 64 * 1024);  // no key is longer
}

// libgit2 gives up altogether where the agent's socket is dead, as it is in a job started from a
// session that has ended; so it is asked first.
bool agent_answers() {
  const std::string path = environment_or_empty("SSH_AUTH_SOCK");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  path.copy(address.sun_path, path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const bool answers =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return answers;
}

constexpr char kNameCertificates[] =
    "install the package ca-certificates, or name a file of certificates in SSL_CERT_FILE";

bool is_https(const RepositoryLocation& location) {
  return location.kind == RepositoryLocation::Kind::kHttps;
}

// "-p 2222 host" or "host", as ssh-keyscan wants it.
std::string keyscan_arguments(const RepositoryLocation& location) {
  constexpr std::string_view kScheme = "ssh://";
  std::string_view rest = location.url;
  if (!rest.starts_with(kScheme)) return location.host;
  rest.remove_prefix(kScheme.size());
  rest = rest.substr(0, rest.find('/'));
  const std::size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        rest.find(']', colon) == std::string_view::npos;  // "[::1]" has none
  return has_port ? fmt::format("-p {} {}", rest.substr(colon + 1), location.host) : location.host;
}

}  // namespace

bool needs_passphrase(std::string_view key) {
  // OpenSSH's own format names its cipher right after the magic:
  // https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
  constexpr std::string_view kOpenSsh = "-----BEGIN OPENSSH PRIVATE KEY-----";
  if (const std::size_t begin = key.find(kOpenSsh); begin != std::string_view::npos) {
    key.remove_prefix(begin + kOpenSsh.size());
    while (!key.empty() && (key.front() == '\r' || key.front() == '\n')) key.remove_prefix(1);
    std::string start;
    append_base64(key.substr(0, 64), start);
    const std::string no_cipher("openssh-key-v1\0\0\0\0\4none", 23);
    return !start.starts_with(no_cipher);
  }
  // PEM: "BEGIN ENCRYPTED PRIVATE KEY" or "Proc-Type: 4,ENCRYPTED".
  return key.find("ENCRYPTED") != std::string_view::npos;
}

std::vector<RemoteCredential> https_credentials(const RepositoryLocation& location,
                                                const std::string& token) {
  RemoteCredential credential;
  credential.user = location.user;
  credential.password = location.password.empty() ? token : location.password;
  if (credential.user.empty() && credential.password.empty()) return {};
  // A lone user is how some tools write a token.
  remember_secret(credential.password.empty() ? credential.user : credential.password);
  if (credential.user.empty()) credential.user = "x-access-token";
  return {credential};
}

std::vector<RemoteCredential> ssh_credentials(const RepositoryLocation& location,
                                              const std::string& ssh_key) {
  using Kind = RemoteCredential::Kind;
  const std::string user = location.user.empty() ? login_name() : location.user;
  std::vector<RemoteCredential> result;
  remember_secret(location.password);
  if (!location.password.empty()) result.push_back({Kind::kPassword, user, location.password, ""});
  if (!ssh_key.empty()) {
    const auto key = contents(ssh_key);
    if (const auto* why = std::get_if<Untrusted>(&key)) {
      throw Error{Fault::kAuthenticationFailed,
                  fmt::format("the ssh key {} cannot be read: {}", ssh_key, why->reason),
                  "--ssh-key names the file of a private key that this user may read"};
    }
    if (needs_passphrase(std::get<std::string>(key))) {
      throw Error{Fault::kAuthenticationFailed,
                  fmt::format("the ssh key {} is protected by a passphrase", ssh_key),
                  "add it to an ssh agent and leave --ssh-key out, or use a deploy key without a "
                  "passphrase that may only read"};
    }
    result.push_back({Kind::kKeyFile, user, "", ssh_key});
    return result;
  }
  if (agent_answers()) result.push_back({Kind::kAgent, user, "", ""});
  const std::string home = environment_or_empty("HOME");
  if (home.empty()) return result;
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
    const std::string file = fmt::format("{}/.ssh/{}", home, name);
    const auto key = contents(file);
    const auto* text = std::get_if<std::string>(&key);
    if (text != nullptr && !needs_passphrase(*text))
      result.push_back({Kind::kKeyFile, user, "", file});
  }
  return result;
}

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
                 "--ca-file; verification cannot be switched off"};
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

Error bad_answer(const RepositoryLocation& location, std::string_view why, bool retryable) {
  Error error = cannot_be_read(location, why, retryable);
  error.hint =
      "check the URL with `git ls-remote`; where that fails too, run `git fsck` in the repository "
      "on its server";
  return error;
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
  if (says("http status code: 403") && !tried.empty()) {
    return Error{Fault::kAuthenticationFailed,
                 fmt::format("the server at {} does not let these credentials read {}",
                             location.host, location.url),
                 "give the token the right to read the repository; an organisation may have to "
                 "allow the token as well"};
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
  if (says("corrupt")) return bad_answer(location, message, true);
  if (says("its server says: ")) {
    Error refused = cannot_be_read(location, message, true);
    refused.hint =
        "the server itself says so: ask whoever runs it, or compare with `git ls-remote`";
    return refused;
  }
  if (says("http status code")) return bad_answer(location, message, !says("http status code: 4"));
  return cannot_be_read(location, message, true);
}

std::string sha256_fingerprint(const unsigned char* hash) {
  std::string text = base64_encoded({reinterpret_cast<const char*>(hash), 32});
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

}  // namespace drift::migrations
