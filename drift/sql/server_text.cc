#include "drift/sql/server_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/sql/sql_source.h"

namespace drift::sql {
namespace {

// Length of the UTF-8 sequence that `text` begins with, 0 where there is none.
// The table of well-formed sequences: https://www.rfc-editor.org/rfc/rfc3629#section-4
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char lowest = 0x80;
  unsigned char highest = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) lowest = 0xA0;
    if (first == 0xED) highest = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) lowest = 0x90;
    if (first == 0xF4) highest = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string one_line(std::string_view text, std::size_t most) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  std::string line;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    std::string piece;
    if (length == 0 || first == 0x7F || (first < 0x20 && first != '\t')) {
      piece = fmt::format("\\x{:02X}", first);
    } else if (length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) {
      // C1 control characters: terminals obey them as they obey ESC.
      piece = fmt::format("\\x{:02X}", static_cast<unsigned char>(text[1]));
    } else {
      piece = first == '\t' ? " " : std::string(text.substr(0, length));
    }
    if (line.size() + piece.size() > most) return line + "...";
    line += piece;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return line;
}

std::string display_identifier(std::string_view name) {
  const auto plain_first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto plain = [&](char c) { return plain_first(c) || (c >= '0' && c <= '9'); };
  if (!name.empty() && plain_first(name.front()) && std::all_of(name.begin(), name.end(), plain)) {
    return std::string(name);
  }
  return quoted_identifier(name);
}

}  // namespace drift::sql
