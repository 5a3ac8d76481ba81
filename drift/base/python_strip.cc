#include "drift/base/python_strip.h"

#include <algorithm>
#include <cstdint>

namespace drift {

std::size_t python_space_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return (first >= 9 && first <= 13) || (first >= 28 && first <= 32) ? 1 : 0;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  if (first < 0xE1 || first > 0xE3) return 0;
  if ((byte(1) & 0xC0) != 0x80 || (byte(2) & 0xC0) != 0x80) return 0;
  const unsigned point = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  const bool space = point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
                     point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
  return space ? 3 : 0;
}

std::string_view python_rstrip(std::string_view text) {
  for (bool again = true; again && !text.empty();) {
    again = false;
    for (std::size_t length = 1; length <= std::min<std::size_t>(3, text.size()); ++length) {
      if (python_space_length(text.substr(text.size() - length)) == length) {
        text.remove_suffix(length);
        again = true;
        break;
      }
    }
  }
  return text;
}

Stripped python_strip(std::string_view line) {
  Stripped result;
  while (const std::size_t length = python_space_length(line)) {
    line.remove_prefix(length);
    ++result.indent;
  }
  result.text = python_rstrip(line);
  return result;
}

std::string_view python_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return line;
}

}  // namespace drift
