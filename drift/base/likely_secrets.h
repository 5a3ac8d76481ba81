// Secrets of others, in text that other programs wrote or that was given in the wrong place.
#pragma once

#include <string>
#include <string_view>

namespace drift {

// `text` with each URL in it as `redacted_url` has it, and without the paths of webhooks that are a
// password.
std::string without_url_passwords(std::string_view text);

// `text` without the secrets that this run holds (`without_secrets`), and with "***" for what looks
// like one of somebody else's: the value after a telling name ("password=", "'api_key': '", the
// same as text in a text, as an option, in SQL, XML or a URL), credentials of an Authorization
// header, and tokens that show by themselves what they are. What only speaks of secrets stays:
// "password authentication failed", "tokens: 12", the ARN of a secret, "password=None".
// tests/drift/base/likely_secrets_test.cc has the forms. Best effort, and in doubt it is hidden.
std::string without_likely_secrets(std::string_view text);

}  // namespace drift
