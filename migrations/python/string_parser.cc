#include <algorithm>
#include <string>
#include <utility>

#include "migrations/python/characters.h"
#include "migrations/python/parser.h"

// Literals of strings, f-strings with their fields among them:
// https://docs.python.org/3/reference/lexical_analysis.html#formatted-string-literals

namespace drift::migrations {
namespace {

constexpr int kMaxFieldDepth = 100;
constexpr std::size_t kNone = std::string_view::npos;

// Where the string that begins at `at` ends.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const std::size_t quotes = text.substr(at, 3) == std::string(3, text[at]) ? 3 : 1;
  const std::size_t end = text.find(text.substr(at, quotes), at + quotes);
  return end == kNone ? kNone : end + quotes - 1;
}

// Where, from `at` on, a byte stands for which `ends` holds, outside strings and brackets.
template <class Ends>
std::size_t find_outside(std::string_view text, std::size_t at, const Ends& ends) {
  int open = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (open == 0 && ends(i)) return i;
    if (c == '\'' || c == '"') {
      i = end_of_string(text, i);
      if (i == kNone) return kNone;
    } else if (character_class(c) == CharacterClass::kOpen) {
      ++open;
    } else if (character_class(c) == CharacterClass::kClose) {
      --open;
    }
  }
  return kNone;
}

}  // namespace

// Adjacent literals are one. What stands between the fields of f-strings, and they, are the items.
const Expr* ExpressionParser::strings() {
  const auto is_string = [this] { return !at_end() && token().kind == TokenKind::kString; };
  Expr* made = make(ExprKind::kString);
  const std::size_t from = syntax_.items_.size();
  std::string value;
  std::string_view broken;
  const auto broke = [&](LiteralKind kind, std::string_view what) {
    if (broken.empty()) made->literal = kind;
    broken = what;
  };
  const auto add = [&](std::string_view text, bool raw) {
    StringLiteral literal;
    literal.body = text;
    literal.raw = raw;
    literal.plain = raw || text.find('\\') == kNone;
    const LiteralKind kind = append_value(literal, value);
    if (kind != LiteralKind::kText) broke(kind, "a string with escapes");
  };
  const bool alone = token(1).kind != TokenKind::kString;
  for (; is_string(); skip()) {
    const std::string_view text = token().text();
    const StringLiteral literal = parse_string_literal(text);
    if (literal.plain && alone) {
      made->value = literal.body;
      skip();
      return made;
    }
    if (literal.kind == LiteralKind::kBytes) {
      made->kind = ExprKind::kBytes;
      value += literal.body;
      continue;
    }
    if (literal.kind != LiteralKind::kFormatted) {
      const LiteralKind kind = append_value(literal, value);
      if (kind != LiteralKind::kText) broke(kind, "a string");
      continue;
    }
    if (text.substr(0, 2).find_first_of("tT") != kNone) {
      broke(literal.kind, "a template string");
      continue;
    }
    const std::string_view body = literal.body;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < body.size();) {
      const char c = body[i];
      if (c == '\\' && !literal.raw) {
        // \N{DASH} is no field.
        if (body.substr(i, 3) == "\\N{")
          broke(LiteralKind::kFormatted, "a string with a named character");
        i += 2;
      } else if ((c == '{' || c == '}') && i + 1 < body.size() && body[i + 1] == c) {
        add(body.substr(begin, i + 1 - begin), literal.raw);
        i += 2;
        begin = i;
      } else if (c == '{') {
        add(body.substr(begin, i - begin), literal.raw);
        const std::size_t end =
            find_outside(body, i + 1, [&](std::size_t at) { return body[at] == '}'; });
        if (end == kNone) {
          broke(LiteralKind::kFormatted, "an f-string");
          break;
        }
        Expr* before = make(ExprKind::kString);
        before->value = syntax_.keep(value);
        value.clear();
        syntax_.items_.push_back(before);
        field(body.substr(i + 1, end - i - 1));
        i = end + 1;
        begin = i;
      } else {
        ++i;
      }
    }
    if (broken.empty()) add(body.substr(begin), literal.raw);
  }
  made->value = syntax_.keep(value);
  if (!broken.empty()) {
    made->kind = ExprKind::kUnreadable;
    made->value = broken;
    syntax_.items_.resize(from);
  }
  if (syntax_.items_.size() == from) return made;
  syntax_.items_.push_back(made);
  Expr* whole = make(ExprKind::kFormatted);
  whole->place = made->place;
  whole->items = syntax_.take(syntax_.items_, from);
  return whole;
}

// "name!r:>10" without its braces.
void ExpressionParser::field(std::string_view text) {
  Expr* made = make(ExprKind::kField);
  const Expr* inner = nullptr;
  const std::size_t end =
      std::min(text.size(), find_outside(text, 0, [&](std::size_t i) {
                 return text[i] == ':' || (text[i] == '!' && text.substr(i + 1, 1) != "=");
               }));
  if (end < text.size()) {
    std::string_view rest = text.substr(end);
    if (rest[0] == '!') {
      made->text = rest.substr(1, 1);
      rest.remove_prefix(std::min<std::size_t>(rest.size(), 2));
    }
    if (rest.starts_with(':')) made->value = rest.substr(1);
  }
  if (depth_ < kMaxFieldDepth && !text.substr(0, end).ends_with('=')) {
    PythonSource source = decode_python_source("(" + std::string(text.substr(0, end)) + "\n)");
    if (!source.error) {
      PythonTokenizer tokenizer(syntax_.fields_.emplace_back(std::move(source)));
      if (tokenizer.next_line()) {
        ExpressionParser inside(syntax_, tokenizer.tokens(), place(), depth_ + 10);
        inner = inside.list();
        if (!inside.at_end()) inner = nullptr;
      }
    }
  }
  if (inner == nullptr) {
    Expr* unknown = make(ExprKind::kUnreadable);
    unknown->value = "a field of an f-string";
    inner = unknown;
  }
  made->items = syntax_.copy({inner});
  syntax_.items_.push_back(made);
}

}  // namespace drift::migrations
