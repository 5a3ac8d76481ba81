// The secrets that this run holds, and texts without them.
//
// Servers repeat what they were sent: the usual 404 of a web server quotes the path, and the path
// of an incoming webhook is its password. So whoever comes to hold a secret says so here, and every
// sentence passes through `without_secrets` before anybody sees it: in the constructor of `Error`,
// in `Log::write`, in `check::without_secrets` for reports, and where a command prints what a
// server said. Thread-safe.
#pragma once

#include <string.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace drift {

// A shorter one cannot be told from ordinary words and is not remembered: whoever chose it could
// as well have chosen none.
inline constexpr std::size_t kShortestSecret = 6;

// Of one with fewer characters only whole words are hidden: the password "orders" must not make
// "***_eu" of orders_eu.
inline constexpr std::size_t kPlainSecret = 16;

// From now on `secret` is hidden. The last 1,000 are kept: a process that lives for weeks is handed
// new ones every hour.
void remember_secret(std::string_view secret);

// The same for what is secret in a URL that is one itself (an incoming webhook, a heartbeat) or
// holds a password: user information, path and query, and their parts that look like chance.
void remember_secret_url(std::string_view url);

// `text` with "***" for every remembered secret, in any mixture of cases and as it is, in percent
// encoding, as text of JSON, C or HTML (each also twice over), and in Base64 wherever it stands
// there. Where a text was cut within a secret, what is left of it is hidden from 12 characters on.
std::string without_secrets(std::string_view text);

// Overwrites the text, which is empty then; not left out by a compiler that sees that nobody reads
// it again. What libraries and copies hold is their own affair: this shortens the time in which a
// secret lies in memory, it does not end it.
inline void wipe(std::string& secret) {
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace drift
