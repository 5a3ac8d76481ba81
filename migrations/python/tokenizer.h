// Decodes Python source, splits it into logical lines of tokens, and jumps over blocks nobody asks
// about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

// The text of a Python file as its tokenizer sees it: decoded, with one kind of line end.
struct PythonSource {
  // UTF-8 without a BOM, every line ended by "\n" (the last one too), followed by at least
  // kPadding NUL bytes. The text itself holds none, so a scanner needs no bounds checks.
  static constexpr std::size_t kPadding = 64;
  // A migration is a few kB; tokens take up to sixteen times the memory of their source.
  static constexpr std::size_t kMaxSize = std::size_t{32} << 20;
  std::string buffer;
  std::size_t size = 0;  // without the padding

  struct Error {
    std::string message;
    int line = 0;  // 1-based
  };
  std::optional<Error> error;  // `buffer` is of no use where this is set

  std::string_view text() const { return {buffer.data(), size}; }
};

// Decodes the bytes of a file by its BOM or coding cookie, UTF-8 where it has neither:
// https://docs.python.org/3/reference/lexical_analysis.html#encoding-declarations
// Takes utf-8, latin-1, cp1252 and ascii, and most others that agree with ASCII where the file is
// pure ASCII.
PythonSource decode_python_source(std::string_view bytes);

enum class TokenKind : std::uint8_t { kName, kNumber, kString, kOperator };

// Operators of one character stand for themselves in Token::op, and // for /; these are the others.
inline constexpr char kWalrus = 1;     // :=
inline constexpr char kAugmented = 2;  // += and its kin
inline constexpr char kCompare = 3;    // == != <= >= <>
inline constexpr char kArrow = 4;      // ->
inline constexpr char kStars = 5;      // **
inline constexpr char kShifts = 6;     // << >>
inline constexpr char kEllipsis = 7;   // ...

// https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals
struct StringPrefix {
  bool raw : 1 = false;
  bool bytes : 1 = false;
  bool formatted : 1 = false;    // f"" and Python 3.14's t"": code stands between braces
  bool is_template : 1 = false;  // t""
};

// A string is what stands between its quotes. Of one with replacement fields there are several
// tokens (PEP 701): the text before a field, the field with its braces, the text after it. The
// format specification of a field, behind its ':', is one kString without a prefix.
struct Token {
  const char* begin = nullptr;  // in the text of the source
  std::uint32_t size = 0;
  TokenKind kind = TokenKind::kOperator;
  char op = 0;          // of a kString '{' where a field follows, else 0
  StringPrefix prefix;  // kString only

  std::string_view text() const { return {begin, size}; }
  bool is(char which) const { return kind == TokenKind::kOperator && op == which; }
  bool opens() const { return is('(') || is('[') || is('{'); }
  bool closes() const { return is(')') || is(']') || is('}'); }
  bool is_name() const { return kind == TokenKind::kName; }
  bool is_name(std::string_view which) const { return is_name() && text() == which; }
};

// The name, perhaps empty, that begins at `place` in a PythonSource.
std::string_view keyword_at(const char* place);

// What no version of Python would read on from. No tokenizer that threw it is used again.
struct PythonError {
  std::string message;  // lower case, no full stop
  const char* where = nullptr;
};
[[noreturn]] void refuse(std::string message, const char* where);

// Python's lexical structure, of every version from 2.5 on:
// https://docs.python.org/3/reference/lexical_analysis.html
// Knows no grammar but that a line which ends in a colon opens a block: what the tokens mean is its
// caller's business. Linear in the source. Throws PythonError.
class PythonTokenizer {
 public:
  // Reads the block whose first line is at `from`, a place in a PythonSource without an error,
  // which must outlive the tokenizer. It stands at `column`, or where its first line does.
  explicit PythonTokenizer(const char* from, int column = kOfFirstLine);
  static constexpr int kOfFirstLine = -1;

  // Reads the next logical line that is neither blank nor a comment. False at the end of the block.
  bool next_line();

  // Of the line just read, and one behind them that is nothing; they stand until more is read or
  // skipped.
  std::span<const Token> tokens() const { return tokens_; }
  // Whether it ends in a colon.
  bool opens_block() const { return header_ != nullptr; }
  // How many blocks it stands in, that of the tokenizer among them; 0 at the end of it.
  std::size_t depth() const { return static_cast<std::size_t>(level_ + 1); }

  // Jumps over the block that the line just read opened. Checks strings, brackets and indentation,
  // and stops before the first line that is no longer inside.
  void skip_block();

  // Where the next line will be looked for.
  const char* position() const { return position_; }

  // CPython's MAXLEVEL and MAXINDENT (Parser/tokenizer.h).
  static constexpr int kMaxBrackets = 200;
  static constexpr int kMaxIndentations = 100;

 private:
  const char* find_line();
  void find_level(const char* p);
  const char* read_tokens(const char* p, int field);
  const char* read_string(const char* quote, StringPrefix prefix);
  const char* read_formatted(const char* p, std::string_view quotes, StringPrefix prefix,
                             bool is_format);
  const char* read_field(const char* brace, std::string_view quotes);
  const char* read_number(const char* p);
  const char* read_operator(const char* p);
  void skip_logical_line(const char* line);
  void open_bracket(const char* p);
  void close_bracket(const char* p);
  void push(const char* begin, const char* end, TokenKind kind, char op = 0,
            StringPrefix prefix = {});

  const char* position_;
  const char* header_ = nullptr;  // the line before, where it opens a block
  int column_ = 0;                // of the line; a tab goes to the next multiple of 8
  int level_ = 0;
  int columns_[kMaxIndentations + 1];  // of the blocks around the line, up to level_
  std::vector<Token> tokens_;
  int depth_ = 0;
  const char* brackets_[kMaxBrackets];  // the first depth_ of them
};

}  // namespace drift::migrations
