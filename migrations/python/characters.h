// What each byte can begin in Python source, and what the letters before a quote mean.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace drift::migrations {

enum class CharacterClass : std::uint8_t {
  kInvalid,
  kSpace,
  kNewline,
  kComment,
  kBackslash,
  kName,
  kDigit,
  kQuote,
  kOpen,
  kClose,
  kOperator,
  kEnd,
};

namespace detail {

constexpr std::array<CharacterClass, 256> character_classes() {
  std::array<CharacterClass, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    // Bytes beyond ASCII belong to names; which of those Python allows makes no difference here.
    if (letter || c >= 0x80) classes[c] = CharacterClass::kName;
    if (c >= '0' && c <= '9') classes[c] = CharacterClass::kDigit;
  }
  // '!' stands in "!=", '`' in Python 2.
  for (const char c : std::string_view("+-*/%@&|^~<>=!.,:;`")) {
    classes[static_cast<unsigned char>(c)] = CharacterClass::kOperator;
  }
  for (const char c : std::string_view(" \t\f")) {
    classes[static_cast<unsigned char>(c)] = CharacterClass::kSpace;
  }
  for (const char c : std::string_view("([{")) {
    classes[static_cast<unsigned char>(c)] = CharacterClass::kOpen;
  }
  for (const char c : std::string_view(")]}")) {
    classes[static_cast<unsigned char>(c)] = CharacterClass::kClose;
  }
  classes['\n'] = CharacterClass::kNewline;
  classes['#'] = CharacterClass::kComment;
  classes['\\'] = CharacterClass::kBackslash;
  classes['\''] = CharacterClass::kQuote;
  classes['"'] = CharacterClass::kQuote;
  classes[0] = CharacterClass::kEnd;
  return classes;
}

inline constexpr std::array<CharacterClass, 256> kCharacterClasses = character_classes();

}  // namespace detail

constexpr CharacterClass character_class(char c) {
  return detail::kCharacterClasses[static_cast<unsigned char>(c)];
}

constexpr bool is_name_character(char c) {
  const CharacterClass found = character_class(c);
  return found == CharacterClass::kName || found == CharacterClass::kDigit;
}

struct StringPrefix {
  bool valid = true;
  bool raw = false;
  bool bytes = false;
  bool formatted = false;  // f"" and Python 3.14's t"": code stands between braces
  bool unicode = false;
};

// https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals
constexpr StringPrefix string_prefix(std::string_view letters) {
  StringPrefix prefix;
  for (const char c : letters) {
    bool* flag = nullptr;
    switch (c) {
      case 'r':
      case 'R': flag = &prefix.raw; break;
      case 'b':
      case 'B': flag = &prefix.bytes; break;
      case 'f':
      case 'F':
      case 't':
      case 'T': flag = &prefix.formatted; break;
      case 'u':
      case 'U': flag = &prefix.unicode; break;
      default: break;
    }
    if (flag == nullptr || *flag) {
      prefix.valid = false;
      return prefix;
    }
    *flag = true;
  }
  prefix.valid = prefix.bytes + prefix.formatted + prefix.unicode <= 1;
  return prefix;
}

}  // namespace drift::migrations
