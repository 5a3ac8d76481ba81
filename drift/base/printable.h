// Text from repositories and databases, made fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace drift {

// Valid UTF-8: every byte that does not belong to a well-formed sequence becomes U+FFFD.
// (Unicode 15, table 3-7: no surrogates, no overlong forms.)
std::string valid_utf8(std::string_view text);

// One line that cannot move a terminal's cursor or hide text: valid UTF-8 in which control
// characters (C0, DEL, C1) and the bidirectional controls stand as \n, \t or \x1b, \u202e.
std::string printable(std::string_view text);

}  // namespace drift
