#include "drift/base/printable.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace drift {
namespace {

struct Character {
  std::size_t size = 1;
  std::uint32_t code_point = 0;
  bool valid = false;
};

// The well-formed sequence at the start of `text` (not empty), or one invalid byte.
Character next_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  std::uint32_t code = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {size, code, true};
}

// Characters that reorder what follows: a revision id could read as another one.
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
bool is_bidirectional_control(std::uint32_t c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

template <typename Emit>
void for_each_character(std::string_view text, Emit emit) {
  while (!text.empty()) {
    const Character character = next_character(text);
    emit(character, text.substr(0, character.size));
    text.remove_prefix(character.size);
  }
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace

bool is_utf8(std::string_view text) {
  bool all_valid = true;
  for_each_character(text, [&](const Character& character, std::string_view) {
    all_valid = all_valid && character.valid;
  });
  return all_valid;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for_each_character(text, [&](const Character& character, std::string_view bytes) {
    valid += character.valid ? bytes : kReplacement;
  });
  return valid;
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for_each_character(text, [&](const Character& character, std::string_view bytes) {
    const std::uint32_t c = character.code_point;
    if (!character.valid) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    } else if (c == '\n') {
      shown += "\\n";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      shown += fmt::format("\\x{:02x}", c);
    } else if (is_bidirectional_control(c) || c == 0x2028 || c == 0x2029) {
      shown += fmt::format("\\u{:04x}", c);
    } else {
      shown += bytes;
    }
  });
  return shown;
}

}  // namespace drift
