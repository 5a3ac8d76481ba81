// The token of a private repository, where it is kept in Secrets Manager.
#pragma once

#include <string>

namespace drift::check {

// The token in a secret: the whole text of a plain one; in a JSON object the value of "token",
// "github_token", "GITHUB_TOKEN", "access_token" or "password", or its only value.
// Throws Error{kConfiguration} naming the keys (never a value) where none of these is there.
// `secret_id` is for messages.
std::string token_in_secret(const std::string& secret, const std::string& secret_id);

}  // namespace drift::check
