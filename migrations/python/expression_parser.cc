#include <algorithm>

#include "migrations/python/syntax.h"

// https://docs.python.org/3/reference/expressions.html

namespace drift::migrations {
namespace {

// Deeper than anybody writes; each level of brackets takes a few of these.
constexpr int kMaxDepth = 120;
constexpr std::string_view kTooDeep = "an expression nested too deeply";

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

Expr* ExpressionParser::make(ExprKind kind) {
  Expr* const made = syntax_.make<Expr>();
  made->kind = kind;
  if (!tokens_.empty()) made->place = tokens_[std::min(next_, tokens_.size() - 1)].begin;
  return made;
}

Expr* ExpressionParser::make(ExprKind kind, std::initializer_list<const Expr*> items) {
  Expr* const made = make(kind);
  made->items = syntax_.copy(items.begin(), items.size());
  return made;
}

// The items that were put aside since there were `from`.
void ExpressionParser::take_items(Expr& made, std::size_t from) {
  made.items = syntax_.copy(syntax_.items_.data() + from, syntax_.items_.size() - from);
  syntax_.items_.resize(from);
}

const Expr* ExpressionParser::unreadable(std::string_view what) {
  Expr* const made = make(ExprKind::kUnreadable);
  // What holds it is unreadable because of it.
  if (what == kTooDeep) too_deep_ = true;
  made->value = too_deep_ ? kTooDeep : what;
  while (!at_end() && !is(';')) skip();
  return made;
}

const Expr* ExpressionParser::whole(const Expr* read, std::size_t from) {
  // No other holds it yet, and this parser made it.
  if (depth_ == 0) const_cast<Expr*>(read)->tokens = since(from);
  return read;
}

const Expr* ExpressionParser::list() {
  const std::size_t begin = next_;
  const Expr* first = element();
  if (!is(',')) return whole(first, begin);
  const std::size_t from = syntax_.items_.size();
  Expr* tuple = make(ExprKind::kTuple);
  syntax_.items_.push_back(first);
  while (accept(',')) {
    if (at_end() || ends_expression(token())) break;
    syntax_.items_.push_back(element());
  }
  take_items(*tuple, from);
  return whole(tuple, begin);
}

const Expr* ExpressionParser::element() {
  if (!is('*')) return expression();
  Expr* starred = make(ExprKind::kStarred);
  skip();
  const Expr* of = binary(1);
  starred->items = syntax_.copy(&of, 1);
  return starred;
}

const Expr* ExpressionParser::targets() {
  const std::size_t begin = next_;
  const auto one = [this] { return is('*') ? element() : primary(); };
  const Expr* first = one();
  if (!is(',')) return whole(first, begin);
  const std::size_t from = syntax_.items_.size();
  Expr* tuple = make(ExprKind::kTuple);
  syntax_.items_.push_back(first);
  while (accept(',')) {
    if (at_end() || is_name("in")) break;
    syntax_.items_.push_back(one());
  }
  take_items(*tuple, from);
  return whole(tuple, begin);
}

const Expr* ExpressionParser::target() {
  const std::size_t begin = next_;
  return whole(primary(), begin);
}

const Expr* ExpressionParser::expression() {
  if (syntax_.is_full()) return unreadable("an expression that is too long");
  // Most stand alone: the literal of a variable, an argument.
  const bool alone = next_ + 1 == tokens_.size() ||
                     (next_ + 1 < tokens_.size() && ends_expression(tokens_[next_ + 1]) &&
                      !tokens_[next_ + 1].is(kWalrus));
  if (alone && tokens_[next_].kind != TokenKind::kOperator && !is_name("lambda")) {
    const std::size_t begin = next_;
    return whole(atom(), begin);
  }
  if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
  const std::size_t begin = next_;
  ++depth_;
  const Expr* found = choice();
  --depth_;
  return whole(found, begin);
}

// Nothing in a lambda runs until it is called, which nobody does here.
const Expr* ExpressionParser::lambda() {
  Expr* made = make(ExprKind::kUnreadable);
  made->value = "a lambda";
  int open = 0;
  bool body = false;
  for (; !at_end(); skip()) {
    if (token().opens()) ++open;
    if (open == 0 && (token().closes() || is(';') || (is(',') && body))) break;
    if (token().closes()) --open;
    if (open == 0 && is(':')) {
      if (body) break;
      body = true;
    }
  }
  return made;
}

const Expr* ExpressionParser::choice() {
  if (is_name("lambda")) return lambda();
  const Expr* value = joined(ExprKind::kOr);
  if (is(kWalrus) && value->kind == ExprKind::kName) {
    skip();
    Expr* walrus = make(ExprKind::kAssigned, {expression()});
    walrus->text = value->text;
    return walrus;
  }
  if (!is_name("if")) return value;
  skip();
  const Expr* condition = joined(ExprKind::kOr);
  if (!accept_name("else")) return unreadable("an expression");
  return make(ExprKind::kChoice, {value, condition, expression()});
}

// "a or b or c", "a and b and c"
const Expr* ExpressionParser::joined(ExprKind kind) {
  const bool is_or = kind == ExprKind::kOr;
  const auto part = [&] { return is_or ? joined(ExprKind::kAnd) : negation(); };
  const std::string_view word = is_or ? "or" : "and";
  const Expr* first = part();
  if (!is_name(word)) return first;
  const std::size_t from = syntax_.items_.size();
  Expr* made = make(kind);
  syntax_.items_.push_back(first);
  while (accept_name(word)) syntax_.items_.push_back(part());
  take_items(*made, from);
  return made;
}

const Expr* ExpressionParser::negation() {
  if (!is_name("not")) return comparison();
  if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
  skip();
  ++depth_;
  const Expr* of = negation();
  --depth_;
  return make(ExprKind::kNot, {of});
}

const Expr* ExpressionParser::comparison() {
  const Expr* first = binary(1);
  const std::size_t from = syntax_.items_.size();
  std::vector<std::string_view> names;
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
    if (names.empty()) syntax_.items_.push_back(first);
    names.push_back(op);
    syntax_.items_.push_back(binary(1));
  }
  if (names.empty()) return first;
  Expr* made = make(ExprKind::kComparison);
  made->names = syntax_.copy(names.data(), names.size());
  take_items(*made, from);
  return made;
}

const Expr* ExpressionParser::binary(int strength) {
  const Expr* left = sign();
  while (!at_end()) {
    const int found = strength_of(token());
    if (found < strength || found == 0) return left;
    const std::string_view op = token().text();
    skip();
    if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
    ++depth_;
    const Expr* right = binary(found + (found == 7 ? 0 : 1));
    --depth_;
    Expr* made = make(ExprKind::kBinary, {left, right});
    made->text = op;
    left = made;
  }
  return left;
}

const Expr* ExpressionParser::sign() {
  if (!is('-') && !is('+') && !is('~')) return primary();
  if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
  const std::string_view op = token().text();
  skip();
  ++depth_;
  const Expr* of = sign();
  --depth_;
  Expr* made = make(ExprKind::kSign, {of});
  made->text = op;
  return made;
}

const Expr* ExpressionParser::primary() {
  const Expr* found = atom();
  while (!at_end()) {
    if (is('.') && next_ + 1 < tokens_.size() && tokens_[next_ + 1].is_name()) {
      Expr* attribute = make(ExprKind::kAttribute, {found});
      skip();
      attribute->text = token().text();
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
  made->place = callee->place;
  const std::size_t from = syntax_.items_.size();
  std::vector<std::string_view> names;
  syntax_.items_.push_back(callee);
  skip();
  ++depth_;
  while (!at_end() && !is(')')) {
    std::string_view name;
    const Expr* value = nullptr;
    if (is(kDoubled) && token().text() == "**") {
      skip();
      value = make(ExprKind::kUnpacked, {expression()});
    } else if (token().is_name() && is_before('=')) {
      name = token().text();
      next_ += 2;
      value = expression();
    } else {
      value = element();
      if (is_name("for") || is_name("async")) {
        Expr* generator = make(ExprKind::kComprehension, {value});
        generator->text = "(";
        clauses(*generator);
        value = generator;
      }
    }
    syntax_.items_.push_back(value);
    names.push_back(name);
    if (!accept(',')) break;
  }
  --depth_;
  take_items(*made, from);
  made->names = syntax_.copy(names.data(), names.size());
  return accept(')') ? made : unreadable("a call");
}

const Expr* ExpressionParser::subscript(const Expr* of) {
  Expr* made = make(ExprKind::kSubscript);
  skip();
  ++depth_;
  const auto part = [this]() -> const Expr* { return is(':') || is(']') ? nullptr : element(); };
  const Expr* index = part();
  if (is(':')) {
    const Expr* bounds[3] = {index, nullptr, nullptr};
    for (std::size_t i = 1; i < 3 && accept(':'); ++i) bounds[i] = part();
    index = make(ExprKind::kSlice, {bounds[0], bounds[1], bounds[2]});
  } else if (is(',')) {
    const std::size_t from = syntax_.items_.size();
    Expr* tuple = make(ExprKind::kTuple);
    syntax_.items_.push_back(index);
    while (accept(',')) {
      if (const Expr* next = part()) syntax_.items_.push_back(next);
      // Slices of several dimensions.
      if (is(':')) index = nullptr;
    }
    take_items(*tuple, from);
    if (index != nullptr) index = tuple;
  }
  --depth_;
  if (index == nullptr || !accept(']')) return unreadable("a subscript");
  const Expr* const items[] = {of, index};
  made->items = syntax_.copy(items, 2);
  return made;
}

const Expr* ExpressionParser::atom() {
  if (at_end()) return unreadable("an expression");
  const Token& found = token();
  if (found.kind == TokenKind::kString) return strings();
  if (found.is('(') || found.is('[')) return bracketed();
  if (found.is('{')) return braces();
  ExprKind kind = ExprKind::kConstant;
  if (found.kind == TokenKind::kNumber) {
    kind = ExprKind::kNumber;
  } else if (found.is_name()) {
    const std::string_view text = found.text();
    if (text == "await") {
      skip();
      return primary();
    }
    if (text == "yield") return unreadable("a generator");
    if (text != "None" && text != "True" && text != "False") kind = ExprKind::kName;
  } else if (!found.is(kEllipsis)) {
    return unreadable("an expression");
  }
  Expr* made = make(kind);
  made->text = found.text();
  skip();
  return made;
}

const Expr* ExpressionParser::bracketed() {
  const bool round = is('(');
  const char closing = round ? ')' : ']';
  if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
  Expr* made = make(round ? ExprKind::kTuple : ExprKind::kList);
  const std::size_t from = syntax_.items_.size();
  skip();
  ++depth_;
  bool comma = false;
  while (!at_end() && !is(closing)) {
    syntax_.items_.push_back(element());
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
  take_items(*made, from);
  if (!accept(closing)) return unreadable("an expression");
  const bool single = made->kind == ExprKind::kTuple && made->items.size() == 1 && !comma;
  return single ? made->items[0] : made;
}

const Expr* ExpressionParser::braces() {
  if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
  Expr* made = make(ExprKind::kDict);
  const std::size_t from = syntax_.items_.size();
  skip();
  ++depth_;
  bool pairs = false, unpacks = false;
  while (!at_end() && !is('}')) {
    if (is(kDoubled)) {
      skip();
      pairs = unpacks = true;
      syntax_.items_.push_back(nullptr);
      syntax_.items_.push_back(binary(1));
    } else {
      syntax_.items_.push_back(element());
      if (accept(':')) {
        pairs = true;
        syntax_.items_.push_back(expression());
      } else {
        made->kind = ExprKind::kSet;
      }
    }
    if (is_name("for") || is_name("async")) {
      unpacks = unpacks || (pairs && made->kind == ExprKind::kSet);
      made->text = made->kind == ExprKind::kDict ? ":" : "{";
      made->kind = ExprKind::kComprehension;
      clauses(*made);
      break;
    }
    if (!accept(',')) break;
  }
  --depth_;
  take_items(*made, from);
  const bool mixed =
      pairs && (made->kind == ExprKind::kSet || (unpacks && made->kind != ExprKind::kDict));
  return accept('}') && !mixed ? made : unreadable("an expression");
}

void ExpressionParser::clauses(Expr& comprehension) {
  std::vector<Expr::Clause> made;
  while (is_name("for") || is_name("async")) {
    accept_name("async");
    if (!accept_name("for")) break;
    Expr::Clause clause;
    clause.target = targets();
    if (!accept_name("in")) {
      unreadable("a comprehension");
      return;
    }
    clause.iterable = joined(ExprKind::kOr);
    const std::size_t from = syntax_.items_.size();
    while (accept_name("if")) syntax_.items_.push_back(joined(ExprKind::kOr));
    clause.conditions = syntax_.copy(syntax_.items_.data() + from, syntax_.items_.size() - from);
    syntax_.items_.resize(from);
    made.push_back(clause);
  }
  comprehension.clauses = syntax_.copy(made.data(), made.size());
}

}  // namespace drift::migrations
