// Text from repositories and databases, made fit to be shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drift {

// One line that cannot move a terminal's cursor or hide text: valid UTF-8 in which control
// characters (C0, DEL, C1), the bidirectional controls and bytes that are no UTF-8 stand as \n,
// \t, \x1b or \u202e.
std::string printable(std::string_view text);

// The same, cut between two characters where it has more than `most` bytes, and then "...": what
// comes from a file or a table may be of any length.
std::string shortened(std::string_view text, std::size_t most = 120);

// -------------------------------------- uTF-8: what is well-formed, and how a character is written

struct Utf8Character {
  std::size_t size = 1;  // in bytes
  std::uint32_t code_point = 0;
  bool valid = false;
};

// The well-formed character at the start of `text` (not empty), or one invalid byte (Unicode 15,
// table 3-7: no surrogates, no overlong forms).
Utf8Character first_character(std::string_view text);

// The offset of the first byte that belongs to no well-formed character, or npos.
std::size_t first_invalid_utf8(std::string_view text);

bool is_utf8(std::string_view text);

// Valid UTF-8: every byte that does not belong to a well-formed character becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// Requires a code point that is no surrogate and not over U+10FFFF.
void append_utf8(std::string& text, std::uint32_t code_point);

// The longest beginning of `text` that has at most `most` bytes and does not end inside a
// character.
std::string_view cut_utf8(std::string_view text, std::size_t most);

}  // namespace drift
