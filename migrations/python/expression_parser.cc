#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "drift/base/printable.h"
#include "migrations/python/parser.h"

// https://docs.python.org/3/reference/expressions.html

namespace drift::migrations {
namespace {

// Deeper than anybody writes.
constexpr int kMaxDepth = 120;
constexpr std::string_view kTooDeep = "an expression nested too deeply";
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
      if (lambdas == 0 && ends.find(found.op) != kNone) return;
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
  while (accept(',') && begins_expression() && !is_name("in")) items_.push_back(element(strength));
  tuple->items = syntax_.take(items_, from);
  if (depth_ == 0) tuple->tokens = {begin, next_};
  return tuple;
}

const Expr* Parser::element(int strength) {
  if (!is('*') && !is(kStars)) return expression(strength);
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
    strengths[kShifts] = kShift;
    strengths['+'] = strengths['-'] = kSum;
    strengths['*'] = strengths['/'] = strengths['%'] = strengths['@'] = kProduct;
    strengths[kStars] = kPower;
    return strengths;
  }();
  const Token& next = token();
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
  bool comma = false;
  skip();
  while (!at_end() && !is(closing)) {
    const Expr* item = element();
    if (made->kind == ExprKind::kDict) {
      if (item->kind == ExprKind::kUnpacked) {
        items_.push_back(nullptr);
        item = item->items[0];
      } else if (accept(':')) {
        items_.push_back(item);
        item = expression();
      } else {
        made->kind = comma ? ExprKind::kUnreadable : ExprKind::kSet;
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
  if (made->kind == ExprKind::kUnreadable || !accept(closing)) return unreadable("an expression");
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
