#include "migrations/python/tokenizer.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "migrations/python/characters.h"

namespace drift::migrations {
namespace {

char closing_of(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

// A format specification holds fields that hold strings that hold fields; CPython 3.12 stops at
// 150 (MAXFSTRINGLEVEL), long after any reader has.
constexpr int kMaxFormattedDepth = 50;

bool closes_triple(const char* p, char quote) {
  return p[0] == quote && p[1] == quote && p[2] == quote;
}

bool is_formatted_string(const char* quote, const char* line) {
  const char* letters = quote;
  while (letters > line && quote - letters < 3 && is_name_character(letters[-1])) --letters;
  const StringPrefix prefix = string_prefix({letters, static_cast<std::size_t>(quote - letters)});
  return prefix.valid && prefix.formatted;
}

bool is_raw_string(const char* quote) {
  const auto is_r = [](char c) { return c == 'r' || c == 'R'; };
  return is_r(quote[-1]) || is_r(quote[-2]);
}

}  // namespace

PythonTokenizer::PythonTokenizer(const PythonSource& source)
    : PythonTokenizer(source, source.buffer.data()) {}

PythonTokenizer::PythonTokenizer(const PythonSource& source, const char* from)
    : end_(source.buffer.data() + source.size), position_(from) {
  tokens_.reserve(64);
}

std::nullptr_t PythonTokenizer::fail(std::string message, const char* where) {
  if (!error_) error_ = Error{std::move(message), where};
  return nullptr;
}

void PythonTokenizer::push(const char* begin, const char* end, TokenKind kind, char op) {
  tokens_.push_back({begin, static_cast<std::uint32_t>(end - begin), kind, op});
}

// https://docs.python.org/3/reference/lexical_analysis.html#indentation. A form feed starts the
// count anew; a backslash at the end of white space fixes the column, as CPython has it.
PythonTokenizer::Indentation PythonTokenizer::read_indentation(const char* line) {
  Indentation found;
  int continued = 0;
  const char* p = line;
  for (;; ++p) {
    if (*p == ' ') {
      ++found.column;
    } else if (*p == '\t') {
      found.column = (found.column / 8 + 1) * 8;
    } else if (*p == '\f') {
      found.column = 0;
      continued = 0;
    } else if (*p == '\\' && p[1] == '\n') {
      if (continued == 0) continued = found.column;
      ++p;
    } else {
      break;
    }
  }
  if (continued != 0) found.column = continued;
  found.text = p;
  return found;
}

bool PythonTokenizer::next_line() {
  tokens_.clear();
  if (error_) return false;
  for (;;) {
    const Indentation indentation = read_indentation(position_);
    const char* p = indentation.text;
    if (*p == '\n') {
      position_ = p + 1;
    } else if (*p == '#') {
      position_ =
          static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end_ - p))) + 1;
    } else if (p >= end_) {
      position_ = end_;
      return false;
    } else {
      column_ = indentation.column;
      return read_tokens(p);
    }
  }
}

bool PythonTokenizer::read_tokens(const char* p) {
  depth_ = 0;
  while (p != nullptr) {
    switch (character_class(*p)) {
      case CharacterClass::kSpace: ++p; break;
      case CharacterClass::kNewline:
        ++p;
        if (depth_ == 0) return finish_line(p);
        break;
      case CharacterClass::kComment:
        p = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end_ - p)));
        break;
      case CharacterClass::kBackslash:
        if (p[1] != '\n') {
          p = fail("unexpected character after a line continuation", p);
        } else if (p + 2 >= end_) {
          p = fail("the file ends in a line continuation", p);
        } else {
          p += 2;
        }
        break;
      case CharacterClass::kName: p = read_name(p); break;
      case CharacterClass::kDigit: p = read_number(p); break;
      case CharacterClass::kQuote: {
        const char* end = end_of_string(p, false, false);
        if (end != nullptr) push(p, end, TokenKind::kString);
        p = end;
        break;
      }
      case CharacterClass::kOpen:
        if (!open_bracket(p)) return false;
        push(p, p + 1, TokenKind::kOperator, *p);
        ++p;
        break;
      case CharacterClass::kClose:
        if (!close_bracket(p)) return false;
        push(p, p + 1, TokenKind::kOperator, *p);
        ++p;
        break;
      case CharacterClass::kOperator: p = read_operator(p); break;
      case CharacterClass::kEnd:
        // The text ends in a newline, so only an open bracket leads here.
        p = fail(fmt::format("'{}' was never closed", *brackets_[0]), brackets_[0]);
        break;
      case CharacterClass::kInvalid:
        p = fail(fmt::format("invalid character 0x{:02x}", static_cast<unsigned char>(*p)), p);
        break;
    }
  }
  return false;
}

bool PythonTokenizer::finish_line(const char* p) {
  position_ = p;
  return true;
}

bool PythonTokenizer::open_bracket(const char* p) {
  if (depth_ == kMaxBrackets) return fail("too many nested brackets", p) != nullptr;
  brackets_[depth_++] = p;
  return true;
}

bool PythonTokenizer::close_bracket(const char* p) {
  if (depth_ == 0) return fail(fmt::format("'{}' closes nothing", *p), p) != nullptr;
  const char open = *brackets_[--depth_];
  if (closing_of(open) == *p) return true;
  return fail(fmt::format("'{}' does not close '{}'", *p, open), p) != nullptr;
}

const char* PythonTokenizer::read_name(const char* p) {
  const char* begin = p;
  do {
    ++p;
  } while (is_name_character(*p));
  if ((*p == '"' || *p == '\'') && p - begin <= 2) {
    const StringPrefix prefix = string_prefix({begin, static_cast<std::size_t>(p - begin)});
    if (prefix.valid) {
      const char* end = end_of_string(p, prefix.formatted, prefix.raw);
      if (end != nullptr) push(begin, end, TokenKind::kString);
      return end;
    }
  }
  push(begin, p, TokenKind::kName);
  return p;
}

const char* PythonTokenizer::read_number(const char* p) {
  const char* begin = p;
  const bool prefixed = *p == '0' && (p[1] == 'x' || p[1] == 'X');
  for (;; ++p) {
    if (is_name_character(*p) || *p == '.') continue;
    const bool exponent = !prefixed && (*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E');
    if (!exponent) break;
  }
  push(begin, p, TokenKind::kNumber);
  return p;
}

const char* PythonTokenizer::read_operator(const char* p) {
  const char c = *p;
  const char next = p[1];
  char op = c;
  int size = 1;
  if (c == '.') {
    if (next >= '0' && next <= '9') return read_number(p);
    if (next == '.' && p[2] == '.') {
      op = kEllipsis;
      size = 3;
    }
  } else if (next == c && (c == '*' || c == '/' || c == '<' || c == '>')) {
    op = p[2] == '=' ? kAugmented : kDoubled;
    size = p[2] == '=' ? 3 : 2;
  } else if (c == '-' && next == '>') {
    op = kArrow;
    size = 2;
  } else if (c == '<' && next == '>') {
    op = kCompare;
    size = 2;
  } else if (next == '=') {
    if (c == ':') {
      op = kWalrus;
      size = 2;
    } else if (c == '=' || c == '!' || c == '<' || c == '>') {
      op = kCompare;
      size = 2;
    } else if (std::strchr("+-*/%&|^@", c) != nullptr) {
      op = kAugmented;
      size = 2;
    }
  }
  push(p, p + size, TokenKind::kOperator, op);
  return p + size;
}

// ------------------------------------------------------------------------ where a string ends

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

// --------------------------------------------------------------------- jumping over a block

bool PythonTokenizer::skip_block(int header_column, std::string_view keyword) {
  int indentations[kMaxIndentations];
  int count = 0;
  bool opens_block = true;  // the line before ended in a colon
  const char* line = position_;
  for (;;) {
    const Indentation indentation = read_indentation(line);
    const char* p = indentation.text;
    if (*p == '\n') {
      line = p + 1;
      continue;
    }
    if (*p == '#') {
      line = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end_ - p))) + 1;
      continue;
    }
    const int column = p < end_ ? indentation.column : -1;
    const int current = count > 0 ? indentations[count - 1] : header_column;
    if (column > current) {
      if (!opens_block) return fail("unexpected indent", p) != nullptr;
      if (count == kMaxIndentations) return fail("too many levels of indentation", p) != nullptr;
      indentations[count++] = column;
    } else {
      if (opens_block) {
        if (count == 0) {
          return fail(fmt::format("expected an indented block after '{}'", keyword), line - 1) !=
                 nullptr;
        }
        return fail("expected an indented block", line - 1) != nullptr;
      }
      if (column <= header_column) {
        position_ = line;
        return true;
      }
      while (count > 0 && indentations[count - 1] > column) --count;
      if (count == 0 || indentations[count - 1] != column) {
        return fail("unindent does not match any outer indentation", p) != nullptr;
      }
    }
    line = skip_logical_line(p, &opens_block);
    if (line == nullptr) return false;
  }
}

// Returns the start of the line after the logical line that `p` stands in.
const char* PythonTokenizer::skip_logical_line(const char* p, bool* ends_with_colon) {
  depth_ = 0;
  const char* line = p;
  const char* code_end = nullptr;  // where a comment ends the code of the line
  PythonSpecialBytes special(p);
  for (;;) {
    const char* s = special.next();
    switch (*s) {
      case '(':
      case '[':
      case '{':
        if (!open_bracket(s)) return nullptr;
        break;
      case ')':
      case ']':
      case '}':
        if (!close_bracket(s)) return nullptr;
        break;
      case '\'':
      case '"': {
        const char q = *s;
        const char* end = nullptr;
        if (s > line && is_name_character(s[-1]) && is_formatted_string(s, line)) {
          end = end_of_formatted(s, is_raw_string(s), 0);
        } else if (s[1] == q && s[2] != q) {
          end = s + 2;
        } else {
          const bool triple = s[1] == q;
          if (triple) special.seek(s + 3);
          for (;;) {
            const char* t = special.next();
            if (*t == q && (!triple || (t[1] == q && t[2] == q))) {
              end = t + (triple ? 3 : 1);
              break;
            }
            if (*t == '\\') {
              special.seek(t + 2);
            } else if (t >= end_ || (*t == '\n' && !triple)) {
              fail(triple ? "unterminated triple-quoted string" : "unterminated string", s);
              break;
            }
          }
        }
        if (end == nullptr) return nullptr;
        special.seek(end);
        break;
      }
      case '#':
        if (depth_ == 0) code_end = s;
        special.seek(
            static_cast<const char*>(std::memchr(s, '\n', static_cast<std::size_t>(end_ - s))));
        break;
      case '\\':
        if (s[1] != '\n') return fail("unexpected character after a line continuation", s);
        if (s + 2 >= end_) return fail("the file ends in a line continuation", s);
        special.seek(s + 2);
        break;
      case '\n': {
        if (depth_ > 0) break;
        const char* last = code_end != nullptr ? code_end : s;
        while (last > line && character_class(last[-1]) == CharacterClass::kSpace) --last;
        *ends_with_colon = last > line && last[-1] == ':';
        return s + 1;
      }
      case '\0':
        // The text ends in a newline, so only an open bracket leads here.
        return fail(fmt::format("'{}' was never closed", *brackets_[0]), brackets_[0]);
      default: break;  // a neighbour of the special bytes
    }
  }
}

}  // namespace drift::migrations
