#include "drift/base/printable.h"

#include <fmt/format.h>

#include <cstdint>

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

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Bytes 10xxxxxx continue the character before them.
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  std::uint32_t code = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(text[i])) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {size, code, true};
}

std::size_t first_invalid_utf8(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view block = text.substr(at, kBlock);
    if (block.size() == kBlock) {
      unsigned char seen = 0;
      for (std::size_t i = 0; i < kBlock; ++i) seen |= static_cast<unsigned char>(block[i]);
      if (seen < 0x80) {  // as most are
        at += kBlock;
        continue;
      }
    }
    for (const std::size_t end = at + block.size(); at < end;) {
      if (static_cast<unsigned char>(text[at]) < 0x80) {
        ++at;
        continue;
      }
      const Utf8Character character = first_character(text.substr(at));
      if (!character.valid) return at;
      at += character.size;
    }
  }
  return std::string_view::npos;
}

bool is_utf8(std::string_view text) { return first_invalid_utf8(text) == std::string_view::npos; }

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    valid += character.valid ? text.substr(0, character.size) : kReplacement;
    text.remove_prefix(character.size);
  }
  return valid;
}

void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xc0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xe0 | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string_view cut_utf8(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  // A well-formed character has at most three such bytes; more of them are no reason to cut more.
  std::size_t end = most;
  while (end > 0 && most - end < 3 && continues(text[end])) --end;
  return text.substr(0, continues(text[end]) ? most : end);
}

}  // namespace drift
