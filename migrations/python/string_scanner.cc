// The parts of PythonTokenizer that find where a string ends.
#include <cstring>

#include "migrations/python/characters.h"
#include "migrations/python/special_bytes.h"
#include "migrations/python/tokenizer.h"

namespace drift::migrations {
namespace {

// A format specification holds fields that hold strings that hold fields; CPython 3.12 stops at
// 150 (MAXFSTRINGLEVEL), long after any reader has.
constexpr int kMaxFormattedDepth = 50;

bool closes_triple(const char* p, char quote) {
  return p[0] == quote && p[1] == quote && p[2] == quote;
}

}  // namespace

// Returns the character after the closing quote, or nullptr on an error.
const char* PythonTokenizer::end_of_string(const char* quote, bool formatted, bool raw) {
  if (formatted) return end_of_formatted(quote, raw, 0);
  const char q = *quote;
  if (closes_triple(quote, q)) {
    PythonSpecialBytes special(quote + 3);
    for (const char* p = special.next(); p < end_; p = special.next()) {
      if (*p == q && closes_triple(p, q)) return p + 3;
      // Raw strings keep the backslash, yet it still hides the quote behind it.
      if (*p == '\\') special.seek(p + 2);
    }
    return fail("unterminated triple-quoted string", quote);
  }
  for (const char* p = quote + 1;; ++p) {
    if (*p == q) return p + 1;
    if (*p == '\\')
      ++p;
    else if (*p == '\n')
      break;
    if (p >= end_) break;
  }
  return fail("unterminated string", quote);
}

// Follows Python 3.12, where a field may hold any expression, quotes of the same kind included
// (PEP 701); whatever older versions accept ends at the same place.
const char* PythonTokenizer::end_of_formatted(const char* quote, bool raw, int depth) {
  if (depth > kMaxFormattedDepth) return fail("too many nested f-strings", quote);
  const char q = *quote;
  const bool triple = closes_triple(quote, q);
  const char* p = quote + (triple ? 3 : 1);
  while (p != nullptr && p < end_) {
    if (*p == q) {
      if (!triple) return p + 1;
      if (closes_triple(p, q)) return p + 3;
      ++p;
    } else if (*p == '\\') {
      if (!raw && p[1] == 'N' && p[2] == '{') {
        p += 3;  // \N{DASH} is no field
      } else {
        p += p[1] == '{' || p[1] == '}' ? 1 : 2;
      }
    } else if (*p == '\n' && !triple) {
      break;
    } else if (*p == '{') {
      if (p[1] == '{') {
        p += 2;
      } else {
        const char* colon = end_of_field(p + 1, depth);
        p = colon != nullptr && *colon == ':' ? end_of_format_spec(colon + 1, q, triple, depth)
                                              : (colon != nullptr ? colon + 1 : nullptr);
      }
    } else {
      ++p;
    }
  }
  if (error_) return nullptr;
  return fail("unterminated f-string", quote);
}

// Returns the '}' that closes the field, or the ':' that begins its format specification.
const char* PythonTokenizer::end_of_field(const char* p, int depth) {
  const char* begin = p;
  int open = 0;
  while (p < end_) {
    switch (*p) {
      case '\'':
      case '"': {
        const char* letters = p;
        while (letters > begin && p - letters < 2 && is_name_character(letters[-1])) --letters;
        if (letters > begin && is_name_character(letters[-1])) letters = p;
        const StringPrefix prefix = string_prefix({letters, static_cast<std::size_t>(p - letters)});
        p = prefix.valid && prefix.formatted ? end_of_formatted(p, prefix.raw, depth + 1)
                                             : end_of_string(p, false, false);
        if (p == nullptr) return nullptr;
        continue;
      }
      case '#':
        p = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end_ - p)));
        continue;
      case '(':
      case '[':
      case '{': ++open; break;
      case ')':
      case ']': --open; break;
      case '}':
        if (open <= 0) return p;
        --open;
        break;
      case ':':
        if (open <= 0) return p;
        break;
      default: break;
    }
    ++p;
  }
  return fail("unterminated f-string", begin);
}

// Returns the character after the '}' that closes the field around the specification.
const char* PythonTokenizer::end_of_format_spec(const char* p, char quote, bool triple, int depth) {
  if (depth > kMaxFormattedDepth) return fail("too many nested f-strings", p);
  const char* begin = p;
  while (p < end_) {
    if (*p == '}') return p + 1;
    if (*p == '{') {
      const char* colon = end_of_field(p + 1, depth + 1);
      if (colon == nullptr) return nullptr;
      p = *colon == ':' ? end_of_format_spec(colon + 1, quote, triple, depth + 1) : colon + 1;
      if (p == nullptr) return nullptr;
    } else if (*p == '\\' && p[1] != '{' && p[1] != '}') {
      p += 2;
    } else if (*p == quote && (!triple || closes_triple(p, quote))) {
      break;
    } else if (*p == '\n' && !triple) {
      break;
    } else {
      ++p;
    }
  }
  return fail("unterminated f-string", begin);
}

}  // namespace drift::migrations
