// What the places where credentials are looked for have in common. One header and one .cc a place;
// drift/aws/credentials/chain.cc holds their order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drift/aws/session.h"

namespace drift::aws {

// Credentials, or why this place has none ("AWS_ACCESS_KEY_ID is not set"). A place that was told
// to have some and cannot give them throws instead.
struct SourceResult {
  std::optional<Credentials> credentials;
  std::string none_because;
};

// Remembers what of `keys` is secret.
// Throws Error{kNoCredentials} naming the source where a key or token is empty or holds a blank,
// a control character or anything beyond ASCII: as a header it would break the request, or add
// another header to it.
void check_keys(const SigningKeys& keys, const std::string& source);

// The JSON that credential_process, containers and instances give out. A field that is missing or
// no string is "".
struct CredentialDocument {
  bool is_object = false;
  int version = 0;      // credential_process
  std::string code;     // of an error; instances say "Success" too
  std::string message;  // of an error
  SigningKeys keys;     // session_token from Token or SessionToken
  std::string expiration;
};
// Never throws for what the text holds.
CredentialDocument parse_credential_document(const std::string& text);

}  // namespace drift::aws
