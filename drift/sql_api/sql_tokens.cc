#include "drift/sql_api/sql_tokens.h"

#include <fmt/format.h>

#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::sql_api {
namespace {

// Bytes of a multibyte character are letters, whatever the character is.
bool starts_word(char c) {
  return is_letter(c) || c == '_' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}
// As `op_chars` of PostgreSQL's scan.l.
bool is_operator(char c) {
  return std::string_view("~!@#^&|`?+-*/%<>=").find(c) != std::string_view::npos;
}
bool is_newline(char c) { return c == '\n' || c == '\r'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v' || is_newline(c); }

UnfinishedSql unfinished(std::string_view what) {
  return {Fault::kUsage, "the statement ends inside " + std::string(what),
          "look for a quote or a comment that is not closed"};
}

class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::vector<Token> scan() {
    while (skip_blanks(), at_ < sql_.size()) {
      const std::size_t begin = at_;
      Token token = next();
      token.begin = begin;
      token.end = at_;
      tokens_.push_back(std::move(token));
      if (tokens_.size() > kMostTokens) too_many();
    }
    resolve_unicode();
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
  }

  // A server holds some hundred bytes for each.
  static constexpr std::size_t kMostTokens = 1'000'000;
  [[noreturn]] static void too_many() {
    throw Error{Fault::kUsage,
                fmt::format("the statement has more than {} words, values and signs", kMostTokens),
                "send values as parameters, or in several requests"};
  }

  void skip_blanks() {
    while (at_ < sql_.size()) {
      if (is_blank(peek())) {
        ++at_;
      } else if (peek() == '-' && peek(1) == '-') {
        skip_line();
      } else if (peek() == '/' && peek(1) == '*') {
        skip_comment();
      } else {
        return;
      }
    }
  }
  void skip_line() {
    while (at_ < sql_.size() && !is_newline(peek())) ++at_;
  }
  void skip_comment() {
    int depth = 0;
    do {
      if (at_ >= sql_.size()) throw unfinished("a comment");
      if (peek() == '/' && peek(1) == '*') {
        restart();
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0);
  }

  Token next() {
    const char c = peek();
    const char lower = ascii_lower(c);
    if (c == '\'') return string(false);
    if (c == '"') return identifier();
    if (c == '$') return dollar();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (peek(1) == '\'' && (lower == 'e' || lower == 'b' || lower == 'x' || lower == 'n')) {
      ++at_;
      return string(lower == 'e');
    }
    if (lower == 'u' && peek(1) == '&' && (peek(2) == '\'' || peek(2) == '"')) {
      at_ += 2;
      if (peek() == '\'') return string(false);
      unicode_.push_back(tokens_.size());
      return identifier();
    }
    if (starts_word(c)) return word();
    if (c == '+' || c == '-') restart();
    ++at_;
    return {TokenKind::kSymbol, std::string(1, c), 0, 0};
  }

  // Here PostgreSQL's scanner, which has looked to the end of an unbroken run of operator
  // characters, goes back to look again. That takes quadratic time in which nothing interrupts it:
  // 200 KB of
  // "/**/" kept a server busy for 9 s, whatever its statement_timeout.
  void restart() {
    constexpr std::size_t kMost = 500;
    while (run_end_ < at_ && is_operator(sql_[run_end_])) ++run_end_;
    if (run_end_ < at_) restarts_ = 0;
    run_end_ = at_;
    if (++restarts_ <= kMost) return;
    throw Error{Fault::kUsage,
                fmt::format("the statement has more than {} comments or signs in a row without a "
                            "blank between them",
                            kMost),
                "a server would take very long to read them; leave them out"};
  }

  Token word() {
    const std::size_t begin = at_;
    while (at_ < sql_.size() && continues_word(peek())) ++at_;
    Token token{TokenKind::kWord, ascii_lower(sql_.substr(begin, at_ - begin)), 0, 0};
    // A placeholder's words (%s, %(name)s) are none for the server.
    const bool counts = token.text != "s" && (begin < 2 || sql_.substr(begin - 2, 2) != "%(");
    if (counts) count_word();
    return token;
  }
  // The names in FROM are compared with one another, which no time-out ends either: 65,000 took
  // 11 s.
  void count_word() {
    constexpr std::size_t kMostWords = 50'000;
    if (++words_ <= kMostWords) return;
    throw Error{Fault::kUsage, fmt::format("the statement has more than {} words", kMostWords),
                "send values as parameters, and a list as one of them: = ANY ($1)"};
  }

  Token number() {
    while (is_digit(peek()) || peek() == '.') ++at_;
    return {TokenKind::kNumber, "", 0, 0};
  }

  Token string(bool escapes) {
    do {
      ++at_;  // the quote
      while (true) {
        if (at_ >= sql_.size()) throw unfinished("a string");
        const char c = sql_[at_++];
        if (c == '\\' && escapes) {
          ++at_;
        } else if (c == '\'') {
          if (peek() != '\'') break;
          ++at_;
        }
      }
    } while (continues());
    return {TokenKind::kString, "", 0, 0};
  }

  // A string goes on, its escapes too, where only blanks with a newline among them (and comments to
  // the end of a line) stand before the next quote. Moves to that quote.
  bool continues() {
    const std::size_t after = at_;
    bool newline = false;
    while (at_ < sql_.size()) {
      if (is_blank(peek())) {
        newline = newline || is_newline(peek());
        ++at_;
      } else if (peek() == '-' && peek(1) == '-') {
        skip_line();
      } else {
        break;
      }
    }
    if (newline && peek() == '\'') return true;
    at_ = after;
    return false;
  }

  Token identifier() {
    Token token{TokenKind::kQuoted, "", 0, 0};
    ++at_;
    while (true) {
      if (at_ >= sql_.size()) throw unfinished("a quoted identifier");
      const char c = sql_[at_++];
      if (c == '"') {
        if (peek() != '"') return token;
        ++at_;
      }
      token.text += c;
    }
  }

  Token dollar() {
    if (is_digit(peek(1))) {
      const std::size_t begin = ++at_;
      while (is_digit(peek())) ++at_;
      return {TokenKind::kParameter, std::string(sql_.substr(begin, at_ - begin)), 0, 0};
    }
    std::size_t end = at_ + 1;
    while (end < sql_.size() && sql_[end] != '$' && continues_word(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') {
      ++at_;
      return {TokenKind::kSymbol, "$", 0, 0};
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const std::size_t close = sql_.find(tag, end + 1);
    if (close == std::string_view::npos) throw unfinished("a dollar-quoted string");
    at_ = close + tag.size();
    return {TokenKind::kString, "", 0, 0};
  }

  // U&"d\0061t\+000061" UESCAPE '!': the escape character stands behind what it is for, and is
  // part of it.
  void resolve_unicode() {
    for (auto place = unicode_.rbegin(); place != unicode_.rend(); ++place) {
      const std::size_t index = *place;
      char escape = '\\';
      if (index + 2 < tokens_.size() && tokens_[index + 1].is_word("uescape")) {
        const Token& given = tokens_[index + 2];
        if (given.kind != TokenKind::kString || given.end - given.begin != 3) throw bad_escape();
        escape = sql_[given.begin + 1];
        tokens_[index].end = given.end;
        const auto after = tokens_.begin() + static_cast<std::ptrdiff_t>(index) + 1;
        tokens_.erase(after, after + 2);
      }
      tokens_[index].text = unescaped(tokens_[index].text, escape);
    }
  }

  static std::string unescaped(std::string_view text, char escape) {
    std::string plain;
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] != escape) {
        plain += text[i++];
        continue;
      }
      if (i + 1 < text.size() && text[i + 1] == escape) {
        plain += escape;
        i += 2;
        continue;
      }
      const bool is_long = i + 1 < text.size() && text[i + 1] == '+';
      const std::size_t digits = is_long ? 6 : 4;
      i += is_long ? 2 : 1;
      std::uint32_t code_point = 0;
      for (std::size_t end = i + digits; i < end; ++i) {
        const int digit = i < text.size() ? hex_digit(text[i]) : -1;
        if (digit < 0) throw bad_escape();
        code_point = code_point * 16 + static_cast<std::uint32_t>(digit);
      }
      // Pairs of surrogates are none that a name of ours could be made of.
      if (code_point == 0 || code_point > 0x10FFFF ||
          (code_point >= 0xD800 && code_point < 0xE000)) {
        throw bad_escape();
      }
      append_utf8(plain, code_point);
    }
    return plain;
  }

  static Error bad_escape() {
    return {Fault::kUsage, "the statement has a U&\"\" identifier with an invalid escape",
            "write the identifier itself, in quotes"};
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
  std::vector<std::size_t> unicode_;  // which tokens are U&""
  std::size_t run_end_ = 0, restarts_ = 0;
  std::size_t words_ = 0;
};

}  // namespace

bool continues_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

std::vector<Token> sql_tokens(std::string_view sql) { return Scanner(sql).scan(); }

}  // namespace drift::sql_api
