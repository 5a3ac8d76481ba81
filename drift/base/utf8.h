// UTF-8: what is well-formed, and how a character is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drift {

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
