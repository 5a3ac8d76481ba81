// What to try when a remote asks who we are, and why it could not be read, in words for the person
// who has to mend it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/http/authorities.h"
#include "drift/http/failure.h"
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

// ------------------------------------------------------------------------------------ failures

// kAuthenticationFailed: none of `tried` was accepted, or there was none to try.
Error credentials_refused(const RepositoryLocation& location,
                          const std::vector<RemoteCredential>& tried);

// kHostNotVerified: known_hosts does not have the key that the host sent. `fingerprint` in the form
// in which ssh and hosts publish it, "ssh-ed25519 SHA256:...".
Error host_key_refused(const RepositoryLocation& location, std::string_view fingerprint);

// What HttpClient could not do: kHostNotVerified for a certificate, else kRemoteUnreachable.
Error https_failure(const RepositoryLocation& location, const HttpError& error,
                    const CaLocations& authorities);

// kHostNotVerified: there is nothing to verify a host by.
Error no_certificates();

// kRemoteUnreachable: a redirect that is not followed.
Error redirect_refused(const RepositoryLocation& location, bool to_plain_http);

// kRemoteUnreachable, with `why` in the message.
Error cannot_be_read(const RepositoryLocation& location, std::string_view why, bool retryable);

// The same where somebody answered, so that the way there is not to blame.
Error bad_answer(const RepositoryLocation& location, std::string_view why, bool retryable);

// kRepositoryUnreadable: what the remote sent is no whole pack. `message` is libgit2's.
Error damaged_pack(const RepositoryLocation& location, std::string_view message);

// Everything else that can happen between here and there; `message` is libgit2's, or "unexpected
// http status code: 503".
Error remote_failure(const RepositoryLocation& location, const std::vector<RemoteCredential>& tried,
                     const std::string& message);

// "SHA256:" and the 32 bytes of a hash in base64 without padding.
std::string sha256_fingerprint(const unsigned char* hash);

}  // namespace drift::migrations
