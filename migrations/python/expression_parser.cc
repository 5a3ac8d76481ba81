#include <string>
#include <utility>

#include "migrations/python/syntax.h"

// https://docs.python.org/3/reference/expressions.html

namespace drift::migrations {
namespace {

// Deeper than anybody writes; each level of brackets takes a few of these.
constexpr int kMaxDepth = 120;

bool ends_expression(const Token& token) {
  return token.closes() || token.is(',') || token.is(':') || token.is('=') || token.is(';') ||
         token.is(kAugmented) || token.is(kWalrus);
}

// How tightly a binary operator binds; 0 for what is none.
int strength_of(const Token& token) {
  if (token.kind != TokenKind::kOperator) return 0;
  switch (token.op) {
    case '|': return 1;
    case '^': return 2;
    case '&': return 3;
    case '+':
    case '-': return 5;
    case '*':
    case '/':
    case '%':
    case '@': return 6;
    case kDoubled: return token.text() == "**" ? 7 : token.text() == "//" ? 6 : 4;
    default: return 0;
  }
}

}  // namespace

int ExpressionParser::line() const {
  if (line_ != 0) return line_;
  const std::size_t at = next_ < tokens_.size() ? next_ : tokens_.size() - 1;
  return tokens_.empty() ? 0 : syntax_.line_of(tokens_[at].begin);
}

Expr* ExpressionParser::make(ExprKind kind) {
  Expr& made = syntax_.expressions_.emplace_back();
  made.kind = kind;
  made.line = line();
  return &made;
}

const Expr* ExpressionParser::unreadable(std::string what) {
  Expr* made = make(ExprKind::kUnreadable);
  made->value = std::move(what);
  next_ = tokens_.size();
  return made;
}

bool ExpressionParser::accept(char op) {
  if (!is(op)) return false;
  ++next_;
  return true;
}

bool ExpressionParser::accept_name(std::string_view name) {
  if (!is_name(name)) return false;
  ++next_;
  return true;
}

const Expr* ExpressionParser::list() {
  const Expr* first = element();
  if (!is(',')) return first;
  Expr* tuple = make(ExprKind::kTuple);
  tuple->items.push_back(first);
  while (accept(',')) {
    if (at_end() || ends_expression(token())) break;
    tuple->items.push_back(element());
  }
  return tuple;
}

const Expr* ExpressionParser::element() {
  if (!is('*')) return expression();
  Expr* starred = make(ExprKind::kStarred);
  skip();
  starred->items.push_back(binary(1));
  return starred;
}

const Expr* ExpressionParser::targets() {
  const auto one = [this] { return is('*') ? element() : primary(); };
  const Expr* first = one();
  if (!is(',')) return first;
  Expr* tuple = make(ExprKind::kTuple);
  tuple->items.push_back(first);
  while (accept(',')) {
    if (at_end() || is_name("in")) break;
    tuple->items.push_back(one());
  }
  return tuple;
}

const Expr* ExpressionParser::expression() {
  if (depth_ >= kMaxDepth) return unreadable("an expression nested too deeply");
  ++depth_;
  const Expr* found = choice();
  --depth_;
  return found;
}

const Expr* ExpressionParser::choice() {
  if (is_name("lambda")) {
    // Nothing in a lambda runs until it is called, which nobody does here.
    int open = 0;
    Expr* made = make(ExprKind::kUnreadable);
    made->value = "a lambda";
    bool body = false;
    for (; !at_end(); skip()) {
      if (token().opens()) ++open;
      if (open == 0 && (token().closes() || (token().is(',') && body))) break;
      if (token().closes()) --open;
      if (open == 0 && token().is(':')) {
        if (body) break;
        body = true;
      }
    }
    return made;
  }
  const Expr* value = disjunction();
  if (is(kWalrus) && value->kind == ExprKind::kName) {
    Expr* walrus = make(ExprKind::kAssigned);
    walrus->text = value->text;
    skip();
    walrus->items.push_back(expression());
    return walrus;
  }
  if (!is_name("if")) return value;
  Expr* made = make(ExprKind::kChoice);
  skip();
  const Expr* condition = disjunction();
  if (!accept_name("else")) return unreadable("an expression");
  made->items = {value, condition, expression()};
  return made;
}

const Expr* ExpressionParser::disjunction() {
  const Expr* first = conjunction();
  if (!is_name("or")) return first;
  Expr* made = make(ExprKind::kOr);
  made->items.push_back(first);
  while (accept_name("or")) made->items.push_back(conjunction());
  return made;
}

const Expr* ExpressionParser::conjunction() {
  const Expr* first = negation();
  if (!is_name("and")) return first;
  Expr* made = make(ExprKind::kAnd);
  made->items.push_back(first);
  while (accept_name("and")) made->items.push_back(negation());
  return made;
}

const Expr* ExpressionParser::negation() {
  if (!is_name("not")) return comparison();
  if (depth_ >= kMaxDepth) return unreadable("an expression nested too deeply");
  Expr* made = make(ExprKind::kNot);
  skip();
  ++depth_;
  made->items.push_back(negation());
  --depth_;
  return made;
}

const Expr* ExpressionParser::comparison() {
  const Expr* first = binary(1);
  Expr* made = nullptr;
  for (;;) {
    std::string_view op;
    if (is(kCompare) || is('<') || is('>')) {
      op = token().text();
      skip();
    } else if (is_name("in")) {
      op = "in";
      skip();
    } else if (is_name("is")) {
      skip();
      op = accept_name("not") ? "is not" : "is";
    } else if (is_name("not") && next_ + 1 < tokens_.size() && tokens_[next_ + 1].is_name("in")) {
      op = "not in";
      next_ += 2;
    } else {
      break;
    }
    if (made == nullptr) {
      made = make(ExprKind::kComparison);
      made->items.push_back(first);
    }
    made->names.push_back(op);
    made->items.push_back(binary(1));
  }
  return made == nullptr ? first : made;
}

const Expr* ExpressionParser::binary(int strength) {
  const Expr* left = sign();
  while (!at_end()) {
    const int found = strength_of(token());
    if (found < strength || found == 0) return left;
    Expr* made = make(ExprKind::kBinary);
    made->text = token().text();
    skip();
    if (depth_ >= kMaxDepth) return unreadable("an expression nested too deeply");
    ++depth_;
    const Expr* right = binary(found + (found == 7 ? 0 : 1));
    --depth_;
    made->items = {left, right};
    left = made;
  }
  return left;
}

const Expr* ExpressionParser::sign() {
  if (!is('-') && !is('+') && !is('~')) return primary();
  if (depth_ >= kMaxDepth) return unreadable("an expression nested too deeply");
  Expr* made = make(ExprKind::kSign);
  made->text = token().text();
  skip();
  ++depth_;
  made->items.push_back(sign());
  --depth_;
  return made;
}

const Expr* ExpressionParser::primary() {
  const Expr* found = atom();
  while (!at_end()) {
    if (is('.') && next_ + 1 < tokens_.size() && tokens_[next_ + 1].is_name()) {
      Expr* attribute = make(ExprKind::kAttribute);
      skip();
      attribute->text = token().text();
      attribute->items.push_back(found);
      skip();
      found = attribute;
    } else if (is('(')) {
      found = call(found);
    } else if (is('[')) {
      found = subscript(found);
    } else {
      break;
    }
  }
  return found;
}

const Expr* ExpressionParser::call(const Expr* callee) {
  Expr* made = make(ExprKind::kCall);
  made->line = callee->line;
  made->items.push_back(callee);
  skip();
  while (!at_end() && !is(')')) {
    std::string_view name;
    const Expr* value = nullptr;
    if (is(kDoubled) && token().text() == "**") {
      Expr* unpacked = make(ExprKind::kUnpacked);
      skip();
      unpacked->items.push_back(expression());
      value = unpacked;
    } else if (token().is_name() && next_ + 1 < tokens_.size() && tokens_[next_ + 1].is('=')) {
      name = token().text();
      next_ += 2;
      value = expression();
    } else {
      value = element();
      if (is_name("for") || is_name("async")) {
        Expr* generator = make(ExprKind::kComprehension);
        generator->text = "(";
        generator->items.push_back(value);
        clauses(*generator);
        value = generator;
      }
    }
    made->items.push_back(value);
    made->names.push_back(name);
    if (!accept(',')) break;
  }
  if (!accept(')')) return unreadable("a call");
  return made;
}

const Expr* ExpressionParser::subscript(const Expr* of) {
  Expr* made = make(ExprKind::kSubscript);
  skip();
  const auto part = [this]() -> const Expr* { return is(':') || is(']') ? nullptr : element(); };
  const Expr* index = part();
  if (is(':')) {
    Expr* slice = make(ExprKind::kSlice);
    slice->items = {index, nullptr, nullptr};
    for (std::size_t i = 1; i < 3 && accept(':'); ++i) slice->items[i] = part();
    index = slice;
  } else if (is(',')) {
    Expr* tuple = make(ExprKind::kTuple);
    tuple->items.push_back(index);
    while (accept(',')) {
      if (const Expr* next = part()) tuple->items.push_back(next);
      if (is(':')) return unreadable("a slice");
    }
    index = tuple;
  }
  if (index == nullptr || !accept(']')) return unreadable("a subscript");
  made->items = {of, index};
  return made;
}

const Expr* ExpressionParser::atom() {
  if (at_end()) return unreadable("an expression");
  const Token& found = token();
  if (found.kind == TokenKind::kString) return strings();
  if (found.kind == TokenKind::kNumber) {
    Expr* number = make(ExprKind::kNumber);
    number->text = found.text();
    skip();
    return number;
  }
  if (found.is_name()) {
    const std::string_view text = found.text();
    if (text == "await") {
      skip();
      return primary();
    }
    if (text == "yield") return unreadable("a generator");
    const bool constant = text == "None" || text == "True" || text == "False";
    Expr* name = make(constant ? ExprKind::kConstant : ExprKind::kName);
    name->text = text;
    skip();
    return name;
  }
  if (found.is(kEllipsis)) {
    Expr* constant = make(ExprKind::kConstant);
    constant->text = "...";
    skip();
    return constant;
  }
  if (found.is('(') || found.is('[')) return bracketed();
  if (found.is('{')) return braces();
  return unreadable("an expression");
}

const Expr* ExpressionParser::bracketed() {
  const bool round = is('(');
  const char closing = round ? ')' : ']';
  Expr* made = make(round ? ExprKind::kTuple : ExprKind::kList);
  skip();
  if (depth_ >= kMaxDepth) return unreadable("an expression nested too deeply");
  ++depth_;
  bool comma = false;
  while (!at_end() && !is(closing)) {
    made->items.push_back(element());
    if (is_name("for") || is_name("async")) {
      made->kind = ExprKind::kComprehension;
      made->text = round ? "(" : "[";
      clauses(*made);
      break;
    }
    if (!accept(',')) break;
    comma = true;
  }
  --depth_;
  if (!accept(closing)) return unreadable("an expression");
  const bool single = made->kind == ExprKind::kTuple && made->items.size() == 1 && !comma;
  return single ? made->items[0] : made;
}

const Expr* ExpressionParser::braces() {
  Expr* made = make(ExprKind::kDict);
  skip();
  if (depth_ >= kMaxDepth) return unreadable("an expression nested too deeply");
  ++depth_;
  while (!at_end() && !is('}')) {
    if (is(kDoubled)) {
      skip();
      made->items.push_back(nullptr);
      made->items.push_back(binary(1));
    } else {
      const Expr* key = element();
      if (accept(':')) {
        made->items.push_back(key);
        made->items.push_back(expression());
      } else {
        made->kind = ExprKind::kSet;
        made->items.push_back(key);
      }
    }
    if (is_name("for") || is_name("async")) {
      made->text = made->kind == ExprKind::kDict ? ":" : "{";
      made->kind = ExprKind::kComprehension;
      clauses(*made);
      break;
    }
    if (!accept(',')) break;
  }
  --depth_;
  if (!accept('}')) return unreadable("an expression");
  return made;
}

void ExpressionParser::clauses(Expr& comprehension) {
  while (is_name("for") || is_name("async")) {
    accept_name("async");
    if (!accept_name("for")) break;
    Expr::Clause clause;
    clause.target = targets();
    if (!accept_name("in")) {
      unreadable("a comprehension");
      return;
    }
    clause.iterable = disjunction();
    while (accept_name("if")) clause.conditions.push_back(disjunction());
    comprehension.clauses.push_back(std::move(clause));
  }
}

}  // namespace drift::migrations
