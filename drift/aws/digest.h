// SHA-256, HMAC, random bytes, and bytes written in hex.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift::aws {

// SHA-256 of `data`: 32 raw bytes, and 64 lower-case hex digits.
std::string sha256(std::string_view data);
std::string sha256_hex(std::string_view data);

// HMAC-SHA256 (RFC 2104) of `data` under `key`: 32 raw bytes. Any key, an empty one too.
std::string hmac_sha256(std::string_view key, std::string_view data);

// Lower-case hex digits, two a byte.
std::string hex_encoded(std::string_view bytes);

// `bytes` bytes from the system's random generator, as 2 * bytes hex digits.
std::string random_hex(int bytes);

}  // namespace drift::aws
