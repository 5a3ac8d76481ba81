#include "migrations/quoted.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace drift::migrations {
namespace {

constexpr std::size_t kLongestQuote = 120;

// Length in bytes of the code point at the start of `text`, 0 where none is there.
std::size_t code_point_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // a longer form than needed
    if (first == 0xED && byte(1) > 0x9F) return 0;  // a surrogate
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

// C0 and C1 controls, and what reorders or breaks a line on a terminal.
bool is_control(std::string_view point) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(point[i]); };
  if (point.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (point.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (point.size() == 3 && byte(0) == 0xE2) {
    if (byte(1) == 0x80) return byte(2) >= 0xA8 && byte(2) <= 0xAE;
    if (byte(1) == 0x81) return byte(2) >= 0xA6 && byte(2) <= 0xA9;
  }
  return false;
}

void append_escaped(std::string& out, std::string_view bytes) {
  if (bytes == "\n") {
    out += "\\n";
  } else if (bytes == "\t") {
    out += "\\t";
  } else {
    for (const char c : bytes) out += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
  }
}

std::string escaped(std::string_view text, std::size_t longest) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (out.size() >= longest) return out + "...";
    const std::size_t length = code_point_length(text.substr(at));
    const std::string_view point = text.substr(at, length == 0 ? 1 : length);
    if (length == 0 || is_control(point)) {
      append_escaped(out, point);
    } else {
      out += point;
    }
    at += point.size();
  }
  return out;
}

}  // namespace

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", escaped(text, kLongestQuote));
}

std::string shortened(std::string_view text) { return escaped(text, kLongestQuote); }

std::string printable(std::string_view text) { return escaped(text, std::string::npos); }

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = code_point_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace drift::migrations
