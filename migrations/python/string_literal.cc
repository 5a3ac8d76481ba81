#include "migrations/python/string_literal.h"

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "migrations/python/characters.h"

namespace drift::migrations {
namespace {

// One escape sequence, `at` being its backslash:
// https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences
struct Escape {
  LiteralKind kind = LiteralKind::kText;
  std::size_t size = 2;  // in the source
  bool keeps = false;    // unknown escapes stand for themselves, backslash included
  bool nothing = false;  // a continued line
  std::uint32_t value = 0;
};

Escape read_escape(std::string_view body, std::size_t at) {
  Escape escape;
  const char c = at + 1 < body.size() ? body[at + 1] : '\0';
  std::size_t digits = 0;
  switch (c) {
    case '\n': escape.nothing = true; return escape;
    case '\\':
    case '\'':
    case '"': escape.value = static_cast<unsigned char>(c); return escape;
    case 'a': escape.value = 7; return escape;
    case 'b': escape.value = 8; return escape;
    case 'f': escape.value = 12; return escape;
    case 'n': escape.value = 10; return escape;
    case 'r': escape.value = 13; return escape;
    case 't': escape.value = 9; return escape;
    case 'v': escape.value = 11; return escape;
    case 'N': escape.kind = LiteralKind::kNamed; return escape;
    case 'x': digits = 2; break;
    case 'u': digits = 4; break;
    case 'U': digits = 8; break;
    default: break;
  }
  if (digits > 0) {
    for (std::size_t i = 0; i < digits; ++i) {
      const int digit = at + 2 + i < body.size() ? hex_digit(body[at + 2 + i]) : -1;
      if (digit < 0) {
        escape.kind = LiteralKind::kMalformed;
        return escape;
      }
      escape.value = escape.value << 4 | static_cast<std::uint32_t>(digit);
    }
    escape.size += digits;
  } else if (c >= '0' && c <= '7') {
    escape.size = 1;
    while (escape.size < 4 && at + escape.size < body.size() && body[at + escape.size] >= '0' &&
           body[at + escape.size] <= '7') {
      escape.value = escape.value * 8 + static_cast<std::uint32_t>(body[at + escape.size] - '0');
      ++escape.size;
    }
  } else {
    escape.keeps = true;
    escape.size = 1;
  }
  if (escape.value > 0x10ffff) escape.kind = LiteralKind::kMalformed;
  if (escape.value >= 0xd800 && escape.value <= 0xdfff) escape.kind = LiteralKind::kSurrogate;
  return escape;
}

}  // namespace

StringLiteral parse_string_literal(std::string_view token) {
  StringLiteral literal;
  std::size_t letters = 0;
  while (token[letters] != '\'' && token[letters] != '"') ++letters;
  const StringPrefix prefix = string_prefix(token.substr(0, letters));
  const char quote = token[letters];
  token.remove_prefix(letters);
  const bool triple = token.size() >= 6 && token[1] == quote && token[2] == quote;
  const std::size_t quotes = triple ? 3 : 1;
  literal.body = token.substr(quotes, token.size() - 2 * quotes);
  literal.raw = prefix.raw;

  if (prefix.bytes) {
    literal.kind = LiteralKind::kBytes;
  } else if (prefix.formatted) {
    literal.braces = true;
    const bool is_template = token.data()[-1] == 't' || token.data()[-1] == 'T' ||
                             (letters == 2 && (token.data()[-2] == 't' || token.data()[-2] == 'T'));
    if (is_template) literal.kind = LiteralKind::kFormatted;
    // Without a lone '{' an f-string is a constant. \N{ counts as one, to be on the safe side.
    for (std::size_t i = 0; i < literal.body.size(); ++i) {
      const char c = literal.body[i];
      if (c != '{' && c != '}') continue;
      if (i + 1 >= literal.body.size() || literal.body[i + 1] != c) {
        literal.kind = LiteralKind::kFormatted;
      }
      ++i;
    }
  }
  literal.plain = literal.kind == LiteralKind::kText &&
                  (prefix.raw || literal.body.find('\\') == std::string_view::npos) &&
                  (!literal.braces || literal.body.find_first_of("{}") == std::string_view::npos);
  return literal;
}

LiteralKind append_value(const StringLiteral& literal, std::string& out) {
  if (literal.kind != LiteralKind::kText) return literal.kind;
  const std::string_view body = literal.body;
  if (literal.plain) {
    out += body;
    return LiteralKind::kText;
  }
  for (std::size_t i = 0; i < body.size();) {
    const char c = body[i];
    if (c == '\\' && !literal.raw) {
      // "\{" in an f-string begins a field in some versions only.
      if (literal.braces && i + 1 < body.size() && (body[i + 1] == '{' || body[i + 1] == '}')) {
        return LiteralKind::kFormatted;
      }
      const Escape escape = read_escape(body, i);
      if (escape.kind != LiteralKind::kText) return escape.kind;
      if (escape.keeps) {
        out += c;
      } else if (!escape.nothing) {
        append_utf8(out, escape.value);
      }
      i += escape.size;
    } else {
      out += c;
      // "{{" and "}}" are one brace each; parse_string_literal saw that they come in pairs.
      i += literal.braces && (c == '{' || c == '}') ? 2 : 1;
    }
  }
  return LiteralKind::kText;
}

void append_shown(const StringLiteral& literal, std::string& out) {
  const std::string_view body = literal.body;
  if (literal.plain || literal.raw) {
    out += body;
    return;
  }
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out += body[i++];
      continue;
    }
    const Escape escape = read_escape(body, i);
    const bool known = escape.kind == LiteralKind::kText && !escape.keeps;
    if (!known) {
      out += body[i++];
      continue;
    }
    if (!escape.nothing) append_utf8(out, escape.value);
    i += escape.size;
  }
}

}  // namespace drift::migrations
