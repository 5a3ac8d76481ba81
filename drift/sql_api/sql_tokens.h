// SQL text taken apart as PostgreSQL's scanner does it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"

namespace drift::sql_api {

enum class TokenKind {
  kWord,       // a keyword or a plain identifier, in lower case
  kQuoted,     // a quoted identifier, with its quotes and escapes undone
  kString,     // a constant in any of the quotes; `text` stays empty
  kNumber,     // `text` stays empty
  kParameter,  // $1; `text` is "1"
  kSymbol,     // one character of an operator or a bracket
};

struct Token {
  TokenKind kind = TokenKind::kSymbol;
  std::string text;
  std::size_t begin = 0, end = 0;  // in bytes

  bool is(TokenKind other, std::string_view what) const { return kind == other && text == what; }
  bool is_word(std::string_view word) const { return is(TokenKind::kWord, word); }
  bool is_symbol(std::string_view symbol) const { return is(TokenKind::kSymbol, symbol); }
};

// A quote or a comment that nothing ends: more text could.
struct UnfinishedSql : Error {
  using Error::Error;
};

// Blanks and comments (which nest) are left out. standard_conforming_strings is taken to be on; the
// transaction's settings see to it (drift/sql/read_only_transaction.h).
// https://www.postgresql.org/docs/15/sql-syntax-lexical.html
// Throws UnfinishedSql{kUsage}, and Error{kUsage} for a U&"" identifier whose escapes are none, for
// what comes after could be read in two ways; and for what would keep a server
// reading for very long: hundreds of comments or signs without a blank, 50,000 words.
std::vector<Token> sql_tokens(std::string_view sql);

// Whether `c` goes on with a keyword, a plain identifier or a number that stands before it.
bool continues_word(char c);

}  // namespace drift::sql_api
