// Hashes. The only user of OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace drift::aws {

// SHA-256 of `data`, 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);

// `bytes` bytes from the system's random generator, as 2 * bytes hex digits.
std::string random_hex(int bytes);

}  // namespace drift::aws
