// Why a remote could not be read, in words for the person who has to mend it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "migrations/remote_credentials.h"
#include "migrations/repository_location.h"

namespace drift::migrations {

// kAuthenticationFailed: none of `tried` was accepted, or there was none to try.
Error credentials_refused(const RepositoryLocation& location,
                          const std::vector<RemoteCredential>& tried);

// kHostNotVerified: known_hosts does not have the key that the host sent. `fingerprint` in the form
// in which ssh and hosts publish it, "ssh-ed25519 SHA256:...".
Error host_key_refused(const RepositoryLocation& location, std::string_view fingerprint);

// kHostNotVerified. `reason` is libgit2's message.
Error certificate_refused(const RepositoryLocation& location, std::string_view reason);

// Everything else that can happen between here and there; `message` is libgit2's.
Error remote_failure(const RepositoryLocation& location, const std::vector<RemoteCredential>& tried,
                     const std::string& message);

// "SHA256:" and the 32 bytes of a hash in base64 without padding.
std::string sha256_fingerprint(const unsigned char* hash);

}  // namespace drift::migrations
