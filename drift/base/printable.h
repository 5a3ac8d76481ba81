// Text from repositories and databases, made fit to be shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "drift/base/utf8.h"

namespace drift {

// One line that cannot move a terminal's cursor or hide text: valid UTF-8 in which control
// characters (C0, DEL, C1), the bidirectional controls and bytes that are no UTF-8 stand as \n,
// \t, \x1b or \u202e.
std::string printable(std::string_view text);

// The same, cut between two characters where it has more than `most` bytes, and then "...": what
// comes from a file or a table may be of any length.
std::string shortened(std::string_view text, std::size_t most = 120);

}  // namespace drift
