// Secrets that do not outlive their owners.
#pragma once

#include <string.h>

#include <string>

namespace drift {

// Overwrites the text, which is empty then; not left out by a compiler that sees that nobody reads
// it again. What libraries and copies hold is their own affair: this shortens the time in which a
// secret lies in memory, it does not end it.
inline void wipe(std::string& secret) {
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace drift
