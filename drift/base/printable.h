// Text from repositories and databases, made fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace drift {

// Whether all of `text` is well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong
// forms).
bool is_utf8(std::string_view text);

// Valid UTF-8: every byte that does not belong to a well-formed sequence becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// One line that cannot move a terminal's cursor or hide text: valid UTF-8 in which control
// characters (C0, DEL, C1), the bidirectional controls and bytes that are no UTF-8 stand as \n,
// \t, \x1b or \u202e.
std::string printable(std::string_view text);

}  // namespace drift
