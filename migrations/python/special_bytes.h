// Walks over the few bytes that matter to Python's structure, 64 bytes at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drift::migrations {

// Stops at quotes, brackets, '#', '\\', "\n" and NUL (and at a few harmless neighbours of theirs
// in ASCII: $ % & |). Skipping the bodies of functions is most of the work on a migration, and a
// byte-by-byte loop spends it on mispredicted branches.
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
