#include <string>
#include <utility>

#include "migrations/python/characters.h"
#include "migrations/python/expression.h"
#include "migrations/python/syntax.h"

// Literals of strings, f-strings with their fields among them:
// https://docs.python.org/3/reference/lexical_analysis.html#formatted-string-literals

namespace drift::migrations {
namespace {

constexpr int kMaxFieldDepth = 100;

// The end of the field that begins after the '{' at `at`: its '}', or npos.
std::size_t end_of_field(std::string_view body, std::size_t at) {
  int open = 0;
  for (std::size_t i = at; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '\'' || c == '"') {
      const bool triple = body.substr(i, 3) == std::string(3, c);
      const std::string quote(triple ? 3 : 1, c);
      const std::size_t end = body.find(quote, i + quote.size());
      if (end == std::string_view::npos) return end;
      i = end + quote.size() - 1;
    } else if (c == '(' || c == '[' || c == '{') {
      ++open;
    } else if (c == ')' || c == ']' || c == '}') {
      if (c == '}' && open == 0) return i;
      --open;
    }
  }
  return std::string_view::npos;
}

}  // namespace

const Expr* ExpressionParser::strings() {
  Expr* made = make(ExprKind::kString);
  std::vector<const Expr*> pieces;
  bool bytes = false;
  const char* broken = nullptr;
  const auto add = [&](std::string_view text, bool raw) {
    StringLiteral literal;
    literal.body = text;
    literal.raw = raw;
    literal.plain = raw || text.find('\\') == std::string_view::npos;
    if (append_value(literal, made->value) != LiteralKind::kText) broken = "a string with escapes";
  };
  while (!at_end() && token().kind == TokenKind::kString) {
    const std::string_view text = token().text();
    const StringLiteral literal = parse_string_literal(text);
    if (literal.kind == LiteralKind::kBytes) {
      bytes = true;
      made->value += literal.body;
    } else if (literal.kind != LiteralKind::kFormatted) {
      if (append_value(literal, made->value) != LiteralKind::kText) broken = "a string";
    } else if (text[0] == 't' || text[0] == 'T' || text[1] == 't' || text[1] == 'T') {
      broken = "a template string";
    } else {
      const std::string_view body = literal.body;
      std::size_t begin = 0;
      for (std::size_t i = 0; i < body.size();) {
        const char c = body[i];
        if (c == '\\' && !literal.raw) {
          // \N{DASH} is no field.
          if (body.substr(i, 3) == "\\N{") broken = "a string with a named character";
          i += 2;
        } else if ((c == '{' || c == '}') && i + 1 < body.size() && body[i + 1] == c) {
          add(body.substr(begin, i + 1 - begin), literal.raw);
          i += 2;
          begin = i;
        } else if (c == '{') {
          add(body.substr(begin, i - begin), literal.raw);
          const std::size_t end = end_of_field(body, i + 1);
          if (end == std::string_view::npos) {
            broken = "an f-string";
            break;
          }
          Expr* before = make(ExprKind::kString);
          before->value = std::exchange(made->value, {});
          pieces.push_back(before);
          field(body.substr(i + 1, end - i - 1), pieces);
          i = end + 1;
          begin = i;
        } else {
          ++i;
        }
      }
      if (broken == nullptr) add(body.substr(begin), literal.raw);
    }
    skip();
  }
  if (broken != nullptr) {
    Expr* unknown = make(ExprKind::kUnreadable);
    unknown->value = broken;
    return unknown;
  }
  if (bytes) made->kind = ExprKind::kBytes;
  if (pieces.empty()) return made;
  Expr* whole = make(ExprKind::kFormatted);
  whole->line = made->line;
  pieces.push_back(made);
  whole->items = std::move(pieces);
  return whole;
}

// "name!r:>10" without its braces.
void ExpressionParser::field(std::string_view text, std::vector<const Expr*>& pieces) {
  Expr* made = make(ExprKind::kField);
  pieces.push_back(made);
  std::size_t end = text.size();
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      const std::size_t close = text.find(c, i + 1);
      if (close == std::string_view::npos) break;
      i = close;
    } else if (c == '(' || c == '[' || c == '{') {
      ++open;
    } else if (c == ')' || c == ']' || c == '}') {
      --open;
    } else if (open == 0 && c == '!' && i + 2 <= text.size() && text.substr(i + 1, 1) != "=") {
      end = i;
      made->text = text.substr(i + 1, 1);
      if (i + 2 < text.size() && text[i + 2] == ':') made->value = text.substr(i + 3);
      break;
    } else if (open == 0 && c == ':') {
      end = i;
      made->value = text.substr(i + 1);
      break;
    }
  }
  const auto broken = [&] {
    Expr* unknown = make(ExprKind::kUnreadable);
    unknown->value = "a field of an f-string";
    made->items = {unknown};
  };
  if (depth_ >= kMaxFieldDepth || text.substr(0, end).ends_with('=')) return broken();
  PythonSource source = decode_python_source("(" + std::string(text.substr(0, end)) + "\n)");
  if (source.error) return broken();
  const PythonSource& kept = syntax_.fields_.emplace_back(std::move(source));
  PythonTokenizer tokenizer(kept);
  if (!tokenizer.next_line()) return broken();
  ExpressionParser inside(syntax_, tokenizer.tokens(), line(), depth_ + 10);
  made->items = {inside.list()};
  if (!inside.at_end()) broken();
}

}  // namespace drift::migrations
