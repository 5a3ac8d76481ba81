#include <array>
#include <string_view>

#include "migrations/python/parser.h"

// https://docs.python.org/3/reference/expressions.html

namespace drift::migrations {
namespace {

// Deeper than anybody writes.
constexpr int kMaxDepth = 120;
constexpr std::string_view kTooDeep = "an expression nested too deeply";

}  // namespace

Expr* Parser::make(ExprKind kind, std::initializer_list<const Expr*> items, std::string_view text) {
  Expr& made = *new (syntax_.room_for<Expr>(1)) Expr;
  made.kind = kind;
  made.place = next_->begin;
  made.text = text;
  if (items.size() > 0) made.items = syntax_.copy(items);
  return &made;
}

const Expr* Parser::unreadable(std::string_view what) {
  Expr* const made = make(ExprKind::kUnreadable);
  // What holds it is unreadable because of it.
  if (what == kTooDeep) too_deep_ = true;
  made->value = too_deep_ ? kTooDeep : what;
  while (!at_end() && !is(';') && next_ != field_end_) skip();
  return made;
}

void Parser::skip_to(std::string_view ends) {
  for (int open = 0, lambdas = 0; !at_end(); skip()) {
    const Token& found = token();
    if (found.opens()) {
      ++open;
    } else if (found.closes()) {
      if (open-- == 0) return;
    } else if (open == 0 && found.is_name("lambda")) {
      ++lambdas;
    } else if (open == 0 && found.kind == TokenKind::kOperator) {
      if (lambdas == 0 && ends.find(found.op) != std::string_view::npos) return;
      lambdas -= lambdas > 0 && found.op == ':';
    }
  }
}

const Expr* Parser::list(int strength) {
  const Token* const begin = next_;
  const Expr* const first = element(strength);
  if (!is(',')) return first;
  const std::size_t from = items_.size();
  Expr* const tuple = make(ExprKind::kTuple);
  items_.push_back(first);
  // One behind its last element ends it.
  while (accept(',') && begins_expression() && !is_name("in")) {
    items_.push_back(element(strength));
  }
  tuple->items = syntax_.take(items_, from);
  if (depth_ == 0) tuple->tokens = {begin, next_};
  return tuple;
}

const Expr* Parser::element(int strength) {
  if (!is('*') && !is(kDoubled)) return expression(strength);
  const ExprKind kind = is('*') ? ExprKind::kStarred : ExprKind::kUnpacked;
  skip();
  return make(kind, {expression(strength)});
}

const Expr* Parser::expression(int least) {
  if (depth_ >= kMaxDepth) return unreadable(kTooDeep);
  if (syntax_.is_full()) return unreadable("an expression that is too long");
  const Token* const begin = next_;
  ++depth_;
  const Expr* left = operand(least);
  for (int found = strength(); found >= least; found = strength()) {
    if (found == kWhole) {
      skip();
      const Expr* const condition = expression(kOr);
      left = accept_name("else") ? make(ExprKind::kChoice, {left, condition, expression()})
                                 : unreadable("an expression");
      continue;
    }
    const std::size_t items = items_.size();
    const std::size_t names = names_.size();
    items_.push_back(left);
    do {
      std::string_view op = take();
      if (op == "is" && accept_name("not")) op = "is not";
      if (op == "not" && accept_name("in")) op = "not in";
      names_.push_back(op);
      items_.push_back(expression(found == kPower ? found : found + 1));
    } while (found <= kComparison && strength() == found);
    Expr* const made = make(found == kOr           ? ExprKind::kOr
                            : found == kAnd        ? ExprKind::kAnd
                            : found == kComparison ? ExprKind::kComparison
                                                   : ExprKind::kBinary);
    made->text = names_[names];
    made->items = syntax_.take(items_, items);
    made->names = syntax_.take(names_, names);
    left = made;
  }
  // No other holds it yet, and this parser made it.
  if (--depth_ == 0) const_cast<Expr*>(left)->tokens = {begin, next_};
  return left;
}

// Of the operator that comes next; 0 where none does.
int Parser::strength() const {
  static constexpr auto kByOp = [] {
    std::array<unsigned char, 128> strengths{};
    strengths[kCompare] = strengths['<'] = strengths['>'] = kComparison;
    strengths['|'] = kUnion;
    strengths['^'] = kExclusion;
    strengths['&'] = kIntersection;
    strengths['+'] = strengths['-'] = kSum;
    strengths['*'] = strengths['/'] = strengths['%'] = strengths['@'] = kProduct;
    return strengths;
  }();
  const Token& next = token();
  if (next.is(kDoubled)) {
    return next.text() == "**" ? kPower : next.text() == "//" ? kProduct : kShift;
  }
  if (next.kind == TokenKind::kOperator) return kByOp[static_cast<unsigned char>(next.op)];
  if (!next.is_name()) return 0;
  if (next.is_name("if")) return kWhole;
  if (next.is_name("or")) return kOr;
  if (next.is_name("and")) return kAnd;
  const bool is_not_in = next.is_name("not") && token(1).is_name("in");
  return is_not_in || next.is_name("in") || next.is_name("is") ? kComparison : 0;
}

const Expr* Parser::operand(int least) {
  const Token& first = token();
  if (first.is('-') || first.is('+') || first.is('~')) {
    skip();
    return make(ExprKind::kSign, {expression(kPower)}, first.text());
  }
  if (first.is_name()) {
    if (least <= kNot && accept_name("not")) return make(ExprKind::kNot, {expression(kNot)});
    if (least == kWhole && token(1).is(kWalrus)) {
      next_ += 2;
      return make(ExprKind::kAssigned, {expression()}, first.text());
    }
  }
  const Expr* found = atom();
  for (;;) {
    const Token& next = token();
    if (next.is('(')) {
      found = call(found);
    } else if (next.is('[')) {
      found = subscript(found);
    } else if (next.is('.') && token(1).is_name()) {
      found = make(ExprKind::kAttribute, {found}, token(1).text());
      next_ += 2;
    } else {
      return found;
    }
  }
}

const Expr* Parser::call(const Expr* callee) {
  Expr* const made = make(ExprKind::kCall);
  made->place = callee->place;
  const std::size_t items = items_.size();
  const std::size_t names = names_.size();
  items_.push_back(callee);
  skip();
  while (!at_end() && !is(')')) {
    const bool named = is_name() && token(1).is('=');
    names_.push_back(named ? take() : std::string_view{});
    next_ += named;
    const Expr* value = named ? expression() : element();
    if (is_comprehension()) value = comprehension(make(ExprKind::kComprehension, {value}, "("));
    items_.push_back(value);
    if (!accept(',')) break;
  }
  made->items = syntax_.take(items_, items);
  made->names = syntax_.take(names_, names);
  return accept(')') ? made : unreadable("a call");
}

const Expr* Parser::subscript(const Expr* of) {
  skip();
  const Expr* index = is(':') ? nullptr : list();
  if (is(':') && (index == nullptr || index->kind != ExprKind::kTuple)) {
    const Expr* bounds[] = {index, nullptr, nullptr};
    for (std::size_t i = 1; i < 3 && accept(':'); ++i) {
      if (!is(':') && !is(']')) bounds[i] = expression();
    }
    index = make(ExprKind::kSlice, {bounds[0], bounds[1], bounds[2]});
  }
  return accept(']') ? make(ExprKind::kSubscript, {of, index}) : unreadable("a subscript");
}

const Expr* Parser::atom() {
  while (accept_name("await")) continue;
  const Token& found = token();
  if (found.kind == TokenKind::kString) return strings();
  if (found.opens()) return display();
  if (found.is_name("lambda")) {
    // Nothing in it runs until it is called, which nobody does here.
    Expr* const made = make(ExprKind::kUnreadable);
    made->value = "a lambda";
    skip_to(",:;=");
    return made;
  }
  if (found.is_name("yield")) return unreadable("a generator");
  const bool is_operator = found.kind == TokenKind::kOperator;
  if (is_operator && !found.is(kEllipsis)) return unreadable("an expression");
  const bool constant =
      is_operator || found.is_name("None") || found.is_name("True") || found.is_name("False");
  Expr* const made = make(constant          ? ExprKind::kConstant
                          : found.is_name() ? ExprKind::kName
                                            : ExprKind::kNumber);
  made->text = take();
  return made;
}

// (a, b), [a, b], {a, b}, {a: b, **c}, or a comprehension in such brackets.
const Expr* Parser::display() {
  const Token& open = token();
  const char closing = open.is('(') ? ')' : open.is('[') ? ']' : '}';
  Expr* const made = make(open.is('(')   ? ExprKind::kTuple
                          : open.is('[') ? ExprKind::kList
                                         : ExprKind::kDict);
  const std::size_t from = items_.size();
  bool sound = true, comma = false;
  skip();
  while (sound && !at_end() && !is(closing)) {
    const Expr* item = element();
    if (made->kind == ExprKind::kDict) {
      if (item->kind == ExprKind::kUnpacked) {
        items_.push_back(nullptr);
        item = item->items[0];
      } else if (accept(':')) {
        items_.push_back(item);
        item = expression();
      } else {
        sound = !comma;
        made->kind = ExprKind::kSet;
      }
    }
    items_.push_back(item);
    if (!comma && items_[from] != nullptr && is_comprehension()) {
      made->text = made->kind == ExprKind::kDict ? ":" : open.text();
      made->kind = ExprKind::kComprehension;
      comprehension(made);
      break;
    }
    comma = accept(',');
    if (!comma) break;
  }
  made->items = syntax_.take(items_, from);
  if (!sound || !accept(closing)) return unreadable("an expression");
  const bool brackets = made->kind == ExprKind::kTuple && made->items.size() == 1 && !comma;
  return brackets ? made->items[0] : made;
}

// What follows its element.
const Expr* Parser::comprehension(Expr* made) {
  std::vector<Expr::Clause> clauses;
  while (is_comprehension()) {
    next_ += is_name("for") ? 1 : 2;
    Expr::Clause& clause = clauses.emplace_back();
    // Whoever follows them goes one level deeper with each.
    clause.target = clauses.size() > kMaxDepth ? unreadable(kTooDeep) : list(kPrimary);
    clause.iterable = accept_name("in") ? expression(kOr) : unreadable("a comprehension");
    const std::size_t from = items_.size();
    while (accept_name("if")) items_.push_back(expression(kOr));
    clause.conditions = syntax_.take(items_, from);
  }
  made->clauses = syntax_.take(clauses);
  return made;
}

}  // namespace drift::migrations
