// Just enough of URLs (RFC 3986) to choose a backend by scheme and to hide credentials.
#pragma once

#include <string>
#include <string_view>

namespace drift {

// The scheme in lower case ("https" of "HTTPS://host/"), or empty where `text` has none.
// A scheme is a letter followed by letters, digits, '+', '-', '.', before "://"; so "C:/x",
// "git@host:path" and "./a" have none.
std::string url_scheme(std::string_view text);

// `text` fit for a log, a report or an error: the user information of a URL loses its password
// ("https://user:***@host/x"; a lone user of an http(s) URL, or one with the password "" or
// "x-oauth-basic", is a token, so it becomes "***"), and query or fragment values whose names speak
// of a secret (password, token, key, secret, signature, credential) become "***". A password with
// an unescaped '/' is hidden as well. Works on postgresql:// URLs too. Anything that is no URL
// comes back as it is.
std::string redacted_url(std::string_view text);

// Decodes %XX; a lone or broken '%' stays as it is.
std::string percent_decoded(std::string_view text);

}  // namespace drift
