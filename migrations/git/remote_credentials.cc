#include "migrations/git/remote_credentials.h"

#include <fmt/format.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <variant>

#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/secrets.h"
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
  const char* path = ::getenv("SSH_AUTH_SOCK");
  if (path == nullptr || *path == '\0') return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof address.sun_path) return false;
  std::strcpy(address.sun_path, path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const bool answers =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return answers;
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
    return start.compare(0, no_cipher.size(), no_cipher) != 0;
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
  const char* home = ::getenv("HOME");
  if (home == nullptr || *home == '\0') return result;
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
    const std::string file = fmt::format("{}/.ssh/{}", home, name);
    const auto key = contents(file);
    const auto* text = std::get_if<std::string>(&key);
    if (text != nullptr && !needs_passphrase(*text))
      result.push_back({Kind::kKeyFile, user, "", file});
  }
  return result;
}

}  // namespace drift::migrations
