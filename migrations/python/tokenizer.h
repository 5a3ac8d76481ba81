// Splits Python source into logical lines of tokens, and jumps over blocks nobody asks about.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/source.h"

namespace drift::migrations {

enum class TokenKind : std::uint8_t { kName, kNumber, kString, kOperator };

// Operators of one character stand for themselves in Token::op; these are the longer ones.
inline constexpr char kWalrus = 1;     // :=
inline constexpr char kAugmented = 2;  // += and its kin
inline constexpr char kCompare = 3;    // == != <= >= <>
inline constexpr char kArrow = 4;      // ->
inline constexpr char kDoubled = 5;    // ** // << >>
inline constexpr char kEllipsis = 6;   // ...

struct Token {
  const char* begin = nullptr;  // in the text of the source
  std::uint32_t size = 0;
  TokenKind kind = TokenKind::kOperator;
  char op = 0;  // kOperator only

  std::string_view text() const { return {begin, size}; }
  bool is(char which) const { return kind == TokenKind::kOperator && op == which; }
  bool opens() const { return is('(') || is('[') || is('{'); }
  bool closes() const { return is(')') || is(']') || is('}'); }
  bool is_name() const { return kind == TokenKind::kName; }
  bool is_name(std::string_view which) const { return is_name() && text() == which; }
};

// Python's lexical structure, of every version from 2.5 on:
// https://docs.python.org/3/reference/lexical_analysis.html
// Knows no grammar: what the tokens mean is its caller's business. Linear in the source.
class PythonTokenizer {
 public:
  struct Error {
    std::string message;  // lower case, no full stop
    const char* where = nullptr;
  };

  // `source` must outlive the tokenizer and have no error.
  explicit PythonTokenizer(const PythonSource& source);
  // Begins with the line at `from`, a place in the source.
  PythonTokenizer(const PythonSource& source, const char* from);

  // Reads the next logical line that is neither blank nor a comment. False at the end of the
  // source and on an error.
  bool next_line();

  // Of the line just read; the tokens stand until the next call of next_line().
  std::span<const Token> tokens() const { return tokens_; }
  int column() const {
    return column_;
  }  // of its indentation; a tab goes to the next multiple of 8

  // Jumps over the block that a compound statement at `header_column` opened with the line just
  // read; `keyword` names the statement in errors. Checks strings, brackets and indentation, and
  // stops before the first line that is no longer inside. False on an error.
  bool skip_block(int header_column, std::string_view keyword);

  // Where the next line will be looked for.
  const char* position() const { return position_; }

  const std::optional<Error>& error() const { return error_; }

  // CPython's MAXLEVEL and MAXINDENT (Parser/tokenizer.h).
  static constexpr int kMaxBrackets = 200;
  static constexpr int kMaxIndentations = 100;

 private:
  struct Indentation {
    int column = 0;
    const char* text = nullptr;  // the first character that is no indentation
  };

  Indentation read_indentation(const char* line);
  bool read_tokens(const char* p);
  bool finish_line(const char* p);
  const char* read_name(const char* p);
  const char* read_number(const char* p);
  const char* read_operator(const char* p);
  const char* end_of_string(const char* quote, bool formatted, bool raw);
  const char* end_of_formatted(const char* quote, bool raw, int depth);
  const char* end_of_field(const char* p, int depth);
  const char* end_of_format_spec(const char* p, char quote, bool triple, int depth);
  const char* skip_logical_line(const char* p, bool* ends_with_colon);
  bool open_bracket(const char* p);
  bool close_bracket(const char* p);
  void push(const char* begin, const char* end, TokenKind kind, char op = 0);
  std::nullptr_t fail(std::string message, const char* where);

  const char* end_;
  const char* position_;
  int column_ = 0;
  std::vector<Token> tokens_;
  int depth_ = 0;
  const char* brackets_[kMaxBrackets];  // the first depth_ of them
  std::optional<Error> error_;
};

}  // namespace drift::migrations
