// What to try, in which order, when a remote asks who we are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/base/wipe.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

struct RemoteCredential {
  enum class Kind { kPassword, kAgent, kKeyFile };
  Kind kind = Kind::kPassword;
  std::string user;
  std::string password;
  std::string key_file;

  ~RemoteCredential() { wipe(password); }
};

// The password of the URL, or else `token` (for the URL's user, "x-access-token" where it has
// none), or else the URL's lone user, which is how some tools write a token. Empty for none.
std::vector<RemoteCredential> https_credentials(const RepositoryLocation& location,
                                                const std::string& token);

// The password of the URL where it has one; `ssh_key`, or else the agent behind SSH_AUTH_SOCK (if
// it answers) and those default keys of ~/.ssh that can be read and have no passphrase.
// Throws Error{kAuthenticationFailed} where `ssh_key` cannot be read or has a passphrase.
std::vector<RemoteCredential> ssh_credentials(const RepositoryLocation& location,
                                              const std::string& ssh_key);

// Whether the private key with these contents is protected by a passphrase.
bool needs_passphrase(std::string_view key);

}  // namespace drift::migrations
