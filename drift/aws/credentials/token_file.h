// Files that hold a secret token and nothing else.
#pragma once

#include <string>

namespace drift::aws {

// The text of a file that holds a token, without line ends behind it where `trim`.
// Throws Error{kNoCredentials} "cannot read WHAT PATH: ..." where it is missing, no regular file,
// larger than 64 KiB or empty.
std::string read_token_file(const std::string& path, const std::string& what, bool trim);

}  // namespace drift::aws
