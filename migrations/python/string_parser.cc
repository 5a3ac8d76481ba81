#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "drift/base/printable.h"
#include "migrations/python/parser.h"

// Literals of strings, f-strings with their fields among them:
// https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals

namespace drift::migrations {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Appends what `string` means, in UTF-8. Returns why nobody can tell, in words that follow a
// value's name, or nothing.
std::string_view append_value(const Token& string, std::string& out) {
  constexpr std::string_view kLetters = "\n\\'\"abfnrtv";
  constexpr std::string_view kMeanings[] = {"",   "\\", "'",  "\"", "\a", "\b",
                                            "\f", "\n", "\r", "\t", "\v"};
  if (string.prefix.is_template) return "it is a template string";
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
    const std::size_t hex = next == 'x' ? 2 : next == 'u' ? 4 : next == 'U' ? 8 : 0;
    if (next == 'N') return "it holds a character by name, \\N{...}";
    if (known != kNone) {
      out += kMeanings[known];
      ++i;
    } else if (hex > 0 || (next >= '0' && next <= '7')) {
      const std::string_view digits = hex > 0 ? text.substr(i + 1, hex) : text.substr(i, 3);
      std::uint32_t value = 0;
      const auto [end, error] =
          std::from_chars(digits.begin(), digits.end(), value, hex > 0 ? 16 : 8);
      const bool whole = hex == 0 || end == digits.begin() + hex;
      if (!whole || value > 0x10ffff) return "it holds a malformed escape";
      if (value >= 0xd800 && value < 0xe000) return "it holds half a surrogate pair";
      append_utf8(out, value);
      i = static_cast<std::size_t>(end - text.begin());
    } else {
      out += c;
    }
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
  Expr* made = make(ExprKind::kString);
  std::string value;
  const std::size_t from = items_.size();
  const auto push_text = [&] {
    Expr* text = make(ExprKind::kString);
    text->value = syntax_.keep(std::exchange(value, {}));
    items_.push_back(text);
  };
  const bool alone = token().op == 0 && token(1).kind != TokenKind::kString;
  while (token().kind == TokenKind::kString) {
    const Token& part = *next_++;
    if (part.prefix.bytes) made->kind = ExprKind::kBytes;
    if (alone && is_plain(part)) {
      made->value = part.text();
      return made;
    }
    const std::string_view wrong = append_value(part, value);
    if (made->text.empty()) made->text = wrong;
    if (part.op == 0) continue;
    push_text();
    field();
  }
  const bool fields = items_.size() > from;
  if (!made->text.empty()) {
    made->kind = ExprKind::kUnreadable;
    made->value = fields ? "an f-string" : "a string";
    items_.resize(from);
  } else if (fields) {
    push_text();
    made->kind = ExprKind::kFormatted;
    made->items = syntax_.take(items_, from);
  } else {
    made->value = syntax_.keep(value);
  }
  return made;
}

// "{name!r:>10}"
void Parser::field() {
  Expr* made = make(ExprKind::kField);
  skip();
  const Token* const begin = next_;
  skip_to("");
  // Whatever is not understood of it ends with it.
  const Token* const outer = std::exchange(field_end_, next_);
  next_ = begin;
  const Expr* value = list();
  if (accept('!') && is_name()) made->text = take();
  if (accept(':')) made->value = take();
  if (next_ != field_end_) value = unreadable("a field of an f-string");
  next_ = std::exchange(field_end_, outer) + 1;
  made->items = syntax_.copy({value});
  items_.push_back(made);
}

}  // namespace drift::migrations
