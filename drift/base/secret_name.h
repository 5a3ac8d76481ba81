// Names that speak of a secret.
#pragma once

#include <string_view>

namespace drift {

enum class SecretName {
  kNone,     // "user", "bypass", "token_type", "password_file"
  kCount,    // of many, or how many: "tokens", "max_tokens"; a number behind it is one
  kProblem,  // an error's: "ExpiredToken", "invalid_password"; words behind it are a message
  kWeak,     // "signature", "credential": only what looks like chance is one
  kStrong,   // "DB_PASS", "X-Api-Key", "clientSecret"
};

// `name` as programs write it: words joined by '_', '-', '.' or capitals.
SecretName secret_name(std::string_view name);

}  // namespace drift
