// The parts of PythonTokenizer that jump over a block.
#include <fmt/format.h>

#include <cstring>

#include "migrations/python/characters.h"
#include "migrations/python/special_bytes.h"
#include "migrations/python/tokenizer.h"

namespace drift::migrations {
namespace {

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
