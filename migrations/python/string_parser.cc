#include <algorithm>
#include <charconv>
#include <string>

#include "drift/base/printable.h"
#include "migrations/python/parser.h"

// Literals of strings, f-strings with their fields among them:
// https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals

namespace drift::migrations {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Appends the character that the digits of an escape stand for, which begin at `digits`; `exact`
// of them, or up to three octal ones. Moves behind them.
std::string_view append_character(std::string_view text, std::size_t& at, std::size_t exact,
                                  std::string& out) {
  std::uint32_t value = 0;
  const std::string_view digits = text.substr(at, exact > 0 ? exact : 3);
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, exact > 0 ? 16 : 8);
  at += static_cast<std::size_t>(read.ptr - digits.data());
  if ((exact > 0 && read.ptr != digits.data() + exact) || value > 0x10ffff) {
    return "it holds a malformed escape";
  }
  if (value >= 0xd800 && value < 0xe000) return "it holds half a surrogate pair";
  append_utf8(out, value);
  return {};
}

// Appends what `string` means, in UTF-8. Returns why nobody can tell, in words that follow a
// value's name, or nothing.
std::string_view append_value(const Token& string, std::string& out) {
  if (string.prefix.is_template) return "it is a template string";
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  const std::string_view text = string.text();
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (c != '\\' || string.prefix.raw || string.prefix.bytes) {
      out += c;
      // "{{" and "}}" are one brace each.
      if (string.prefix.formatted && (c == '{' || c == '}')) ++i;
      continue;
    }
    // A field may stand behind it.
    const char next = i < text.size() ? text[i] : '\0';
    const std::size_t known = kLetters.find(next);
    std::string_view wrong;
    if (next == '\n') {
      ++i;
    } else if (known != kNone) {
      out += kMeanings[known];
      ++i;
    } else if (next == 'N') {
      return "it holds a character by name, \\N{...}";
    } else if (next == 'x' || next == 'u' || next == 'U') {
      wrong = append_character(text, ++i, next == 'x' ? 2 : next == 'u' ? 4 : 8, out);
    } else if (next >= '0' && next <= '7') {
      wrong = append_character(text, i, 0, out);
    } else {
      out += c;
    }
    if (!wrong.empty()) return wrong;
  }
  return {};
}

// What stands between its quotes is what it means.
bool is_plain(const Token& string) {
  const auto lacks = [&](char c) { return string.text().find(c) == kNone; };
  return (string.prefix.raw || string.prefix.bytes || lacks('\\')) &&
         (!string.prefix.formatted || (lacks('{') && lacks('}') && !string.prefix.is_template));
}

}  // namespace

// Adjacent literals are one. What stands between the fields of f-strings, and they, are the items.
const Expr* Parser::strings() {
  const std::size_t from = syntax_.items_.size();
  Expr* made = make(ExprKind::kString);
  std::string value;
  while (token().kind == TokenKind::kString) {
    const Token& part = *next_++;
    if (part.prefix.bytes) made->kind = ExprKind::kBytes;
    const bool last = part.op == 0 && token().kind != TokenKind::kString;
    if (last && value.empty() && syntax_.items_.size() == from && is_plain(part)) {
      made->value = part.text();
      return made;
    }
    const std::string_view wrong = append_value(part, value);
    if (made->text.empty()) made->text = wrong;
    if (part.op == 0) continue;
    Expr* before = make(ExprKind::kString);
    before->value = syntax_.keep(value);
    value.clear();
    syntax_.items_.push_back(before);
    field();
  }
  made->value = syntax_.keep(value);
  const bool fields = syntax_.items_.size() > from;
  if (!made->text.empty()) {
    made->kind = ExprKind::kUnreadable;
    made->value = fields ? "an f-string" : "a string";
    syntax_.items_.resize(from);
    return made;
  }
  if (!fields) return made;
  syntax_.items_.push_back(made);
  Expr* whole = make(ExprKind::kFormatted);
  whole->place = made->place;
  whole->items = syntax_.take(syntax_.items_, from);
  return whole;
}

// "{name!r:>10}"
void Parser::field() {
  Expr* made = make(ExprKind::kField);
  skip();
  const Token* const begin = next_;
  skip_to("");
  const Token* const end = next_;
  next_ = begin;
  const Expr* value = list();
  if (accept('!') && is_name()) made->text = take();
  if (accept(':')) made->value = take();
  if (next_ != end) value = unreadable("a field of an f-string");
  // Whatever is not understood of it ends with it.
  next_ = end + 1;
  made->items = syntax_.copy({value});
  syntax_.items_.push_back(made);
}

}  // namespace drift::migrations
