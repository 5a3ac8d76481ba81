#include "drift/base/unescaped.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "drift/base/printable.h"

namespace drift {
namespace {

// What stands for other bytes: those, and how long it is.
struct Escape {
  std::string bytes;
  std::size_t size;
};

std::optional<std::uint32_t> number(std::string_view digits, int base) {
  std::uint32_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

// Nothing where no character has that number.
std::optional<std::string> character(std::uint32_t code_point) {
  if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000)) return std::nullopt;
  std::string bytes;
  append_utf8(bytes, code_point);
  return bytes;
}

std::optional<Escape> percent(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  const auto value = number(text.substr(1, 2), 16);
  if (!value) return std::nullopt;
  return Escape{std::string(1, static_cast<char>(*value)), 3};
}

std::optional<Escape> backslash(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const char next = text[1];
  if (next == 'x' && text.size() >= 4) {
    if (const auto value = number(text.substr(2, 2), 16)) {
      return Escape{std::string(1, static_cast<char>(*value)), 4};
    }
  }
  if (next == 'u' && text.size() >= 6) {
    const auto value = number(text.substr(2, 4), 16);
    if (!value) return std::nullopt;
    // Two halves of a pair stand for one character.
    const bool half = *value >= 0xd800 && *value < 0xdc00;
    const auto low = half && text.size() >= 12 && text.substr(6, 2) == "\\u"
                         ? number(text.substr(8, 4), 16)
                         : std::nullopt;
    const bool pair = low && *low >= 0xdc00 && *low < 0xe000;
    auto bytes = character(pair ? 0x10000 + ((*value - 0xd800) << 10U) + (*low - 0xdc00) : *value);
    if (!bytes) return std::nullopt;
    return Escape{std::move(*bytes), pair ? 12U : 6U};
  }
  constexpr std::string_view kNames = "\"'\\/bfnrt";
  constexpr std::string_view kBytes = "\"'\\/\b\f\n\r\t";
  const std::size_t at = kNames.find(next);
  if (at == std::string_view::npos) return std::nullopt;
  return Escape{std::string(1, kBytes[at]), 2};
}

std::optional<Escape> entity(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  for (const auto& [name, byte] : kNamed) {
    if (text.substr(0, name.size()) == name) return Escape{std::string(1, byte), name.size()};
  }
  if (text.substr(0, 2) != "&#") return std::nullopt;
  const std::size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos) return std::nullopt;
  const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const auto value = number(text.substr(hex ? 3 : 2, end - (hex ? 3 : 2)), hex ? 16 : 10);
  if (!value) return std::nullopt;
  auto bytes = character(*value);
  if (!bytes) return std::nullopt;
  return Escape{std::move(*bytes), end + 1};
}

std::optional<Escape> escape_at(std::string_view text) {
  switch (text.front()) {
    case '%': return percent(text);
    case '\\': return backslash(text);
    case '&': return entity(text);
    default: return std::nullopt;
  }
}

}  // namespace

Unescaped as_it_is(std::string_view text) {
  Unescaped read;
  read.text = text;
  read.begin.resize(text.size());
  read.end.resize(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    read.begin[i] = i;
    read.end[i] = i + 1;
  }
  return read;
}

Unescaped unescaped(const Unescaped& text) {
  Unescaped read;
  for (std::size_t at = 0; at < text.text.size();) {
    const auto escape = escape_at(std::string_view(text.text).substr(at));
    const std::size_t size = escape ? escape->size : 1;
    read.text += escape ? escape->bytes : std::string(1, text.text[at]);
    read.begin.resize(read.text.size(), text.begin[at]);
    read.end.resize(read.text.size(), text.end[at + size - 1]);
    at += size;
  }
  return read;
}

}  // namespace drift
