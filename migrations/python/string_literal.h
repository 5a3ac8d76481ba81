// Literals of strings:
// https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drift::migrations {

enum class LiteralKind : std::uint8_t {
  kText,
  kBytes,
  kFormatted,  // an f-string with a replacement field, or a t-string
  kNamed,      // holds \N{...}; the table of names is Unicode's and large
  kMalformed,  // a broken \x, \u or \U, which Python refuses
  kSurrogate,  // half a surrogate pair, which no UTF-8 can spell
};

struct StringLiteral {
  LiteralKind kind = LiteralKind::kText;
  // What stands between the quotes, as written. Where `plain`, it is the value.
  std::string_view body;
  bool plain = false;
  bool raw = false;
  bool braces = false;  // an f-string: "{{" means "{"
};

// `token` is a whole literal with prefix and quotes, as PythonTokenizer yields it.
StringLiteral parse_string_literal(std::string_view token);

// Appends the value of `literal` in UTF-8. Returns kText where that worked; else `out` holds a
// prefix of it.
LiteralKind append_value(const StringLiteral& literal, std::string& out);

// As append_value, for text that is only shown: what cannot be decoded stays as written.
void append_shown(const StringLiteral& literal, std::string& out);

}  // namespace drift::migrations
