// What each byte can begin in Python source, what the letters before a quote mean, and a walk over
// the few bytes that matter to its structure.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drift::migrations {

enum class CharacterClass : std::uint8_t {
  kInvalid,
  kSpace,
  kNewline,
  kComment,
  kBackslash,
  kQuote,
  kOpen,
  kClose,
  kOperator,
  kEnd,
  // What names consist of.
  kName,
  kDigit,
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

constexpr bool is_name_character(char c) { return character_class(c) >= CharacterClass::kName; }

// The name that begins at `place`, in text that does not end with it.
constexpr std::string_view keyword_at(const char* place) {
  const char* end = place;
  while (is_name_character(*end)) ++end;
  return {place, static_cast<std::size_t>(end - place)};
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

// 64 bytes at a time. Stops at quotes, brackets, '#', '\\', "\n" and NUL (and at a few harmless
// neighbours of theirs in ASCII: $ % & |). Skipping the bodies of functions is most of the work on
// a migration, and a byte-by-byte loop spends it on mispredicted branches.
//
// Requires 64 readable bytes after the text, the first of them NUL.
class PythonSpecialBytes {
 public:
  explicit PythonSpecialBytes(const char* position) : block_(position), mask_(classify(position)) {}

  // The first special byte at or after the position, which moves behind it.
  const char* next() {
    while (mask_ == 0) {
      block_ += kBlock;
      mask_ = classify(block_);
    }
    const char* found = block_ + std::countr_zero(mask_);
    mask_ &= mask_ - 1;
    return found;
  }

  // Moves forward to `position`.
  void seek(const char* position) {
    const auto ahead = static_cast<std::size_t>(position - block_);
    if (ahead < kBlock) {
      mask_ &= ~std::uint64_t{0} << ahead;
    } else {
      block_ = position;
      mask_ = classify(position);
    }
  }

 private:
  static constexpr std::size_t kBlock = 64;

#ifdef __SSE2__
  static std::uint64_t classify(const char* block) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * i));
      // 0x22..0x29 are " # $ % & ' ( ); with bit 5 set, [ \ ] become { | }.
      const __m128i quotes = _mm_sub_epi8(bytes, _mm_set1_epi8(0x22));
      const __m128i brackets =
          _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8(0x7b));
      __m128i special = _mm_cmpeq_epi8(_mm_min_epu8(quotes, _mm_set1_epi8(7)), quotes);
      special =
          _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(brackets, _mm_set1_epi8(2)), brackets));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
      const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(special));
      mask |= static_cast<std::uint64_t>(bits) << (16 * i);
    }
    return mask;
  }
#else
  static std::uint64_t classify(const char* block) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
      const auto c = static_cast<unsigned char>(block[i]);
      const bool special = static_cast<unsigned char>(c - 0x22) <= 7 ||
                           static_cast<unsigned char>((c | 0x20) - 0x7b) <= 2 || c == '\n' ||
                           c == 0;
      mask |= static_cast<std::uint64_t>(special) << i;
    }
    return mask;
  }
#endif

  const char* block_;
  std::uint64_t mask_;
};

}  // namespace drift::migrations
