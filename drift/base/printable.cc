#include "drift/base/printable.h"

#include <fmt/format.h>

#include <cstdint>

#include "drift/base/utf8.h"

namespace drift {
namespace {

// Characters that reorder what follows: a revision id could read as another one.
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
bool is_bidirectional_control(std::uint32_t c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    const std::uint32_t c = character.code_point;
    if (!character.valid) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (c == '\n') {
      shown += "\\n";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      shown += fmt::format("\\x{:02x}", c);
    } else if (is_bidirectional_control(c) || c == 0x2028 || c == 0x2029) {
      shown += fmt::format("\\u{:04x}", c);
    } else {
      shown += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return shown;
}

std::string shortened(std::string_view text, std::size_t most) {
  // Nothing is shown in fewer bytes than it has, so what lies behind the cut need not be read: only
  // the character that the cut may go through, to its end.
  std::string shown = printable(text.substr(0, most + 3));
  if (shown.size() <= most) return shown;
  shown.resize(cut_utf8(shown, most).size());
  return shown + "...";
}

}  // namespace drift
