#include "migrations/python/tokenizer.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "migrations/python/characters.h"

namespace drift::migrations {
namespace {

char closing_of(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

}  // namespace

PythonTokenizer::PythonTokenizer(const PythonSource& source)
    : end_(source.buffer.data() + source.size), position_(source.buffer.data()) {
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

}  // namespace drift::migrations
