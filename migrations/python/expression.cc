#include "migrations/python/expression.h"

#include <string>

#include "migrations/python/string_literal.h"

namespace drift::migrations {
namespace {

// Well below PythonTokenizer::kMaxBrackets, and nobody writes revisions that deep.
constexpr int kMaxDepth = 50;

Why why_of(LiteralKind kind) {
  switch (kind) {
    case LiteralKind::kText: return Why::kExpression;
    case LiteralKind::kBytes: return Why::kBytes;
    case LiteralKind::kFormatted: return Why::kFormatted;
    case LiteralKind::kNamed: return Why::kNamedCharacter;
    case LiteralKind::kMalformed: return Why::kMalformedEscape;
    case LiteralKind::kSurrogate: return Why::kSurrogate;
  }
  return Why::kExpression;
}

}  // namespace

Value PythonExpression::evaluate(std::span<const Token> tokens) {
  tokens_ = tokens;
  next_ = 0;
  used_names_ = false;
  met_unknown_ = false;
  pending_.clear();
  if (tokens.empty()) return unknown(Why::kExpression);
  const Value value = list('\0', 0);
  return at_end() ? value : unknown(Why::kExpression);
}

Value PythonExpression::unknown(Why why, std::string_view detail) {
  met_unknown_ = true;
  return Value::unknown(why, detail);
}

bool PythonExpression::at_terminator() const {
  return at_end() || tokens_[next_].is(',') || tokens_[next_].closes();
}

// What stands between brackets, or a whole right-hand side; stops at the closing bracket.
Value PythonExpression::list(char closing, int depth) {
  const std::size_t base = pending_.size();
  Value spoiled;
  bool comma = false;
  while (!at_end() && !tokens_[next_].closes()) {
    const Value value = element(depth, &spoiled);
    pending_.push_back(value);
    if (at_end() || !tokens_[next_].is(',')) break;
    comma = true;
    ++next_;
  }
  const std::span<const Value> elements{pending_.data() + base, pending_.size() - base};
  Value value;
  if (spoiled.is_unknown()) {
    value = spoiled;
  } else if (closing == '}' && elements.empty()) {
    value = unknown(Why::kDict);
  } else if ((closing == ')' || closing == '\0') && !comma && elements.size() == 1) {
    value = elements[0];
  } else {
    const SequenceKind kind = closing == ']'   ? SequenceKind::kList
                              : closing == '}' ? SequenceKind::kSet
                                               : SequenceKind::kTuple;
    value = store_.make_sequence(kind, elements);
    if (value.is_unknown()) met_unknown_ = true;
  }
  pending_.resize(base);
  return value;
}

// One element up to its comma. Where the number of elements cannot be told ("*x", a comprehension)
// or they are those of a dict, says so in `spoiled`.
Value PythonExpression::element(int depth, Value* spoiled) {
  if (tokens_[next_].is('*') || tokens_[next_].is(kDoubled)) {
    *spoiled = unknown(Why::kComprehension);
  }
  Value value = sum(depth);
  if (at_terminator()) return value;

  if (!value.is_unknown() || value.why != Why::kTooDeep) {
    value = unknown(tokens_[next_].is('(') ? Why::kCall : Why::kExpression);
  }
  int open = 0;
  for (; !at_end(); ++next_) {
    const Token& token = tokens_[next_];
    if (open == 0 && (token.is(',') || token.closes())) break;
    if (token.opens()) ++open;
    if (token.closes()) --open;
    if (open == 0 && token.is_name("for")) *spoiled = unknown(Why::kComprehension);
    if (open == 0 && token.is(':')) *spoiled = unknown(Why::kDict);
  }
  return value;
}

Value PythonExpression::sum(int depth) {
  Value left = atom(depth);
  while (!at_end() && tokens_[next_].is('+')) {
    ++next_;
    left = sum_of(left, atom(depth));
  }
  return left;
}

Value PythonExpression::sum_of(const Value& left, const Value& right) {
  if (left.is_unknown()) return left;
  if (right.is_unknown()) return right;
  if (left.kind == ValueKind::kString && right.kind == ValueKind::kString) {
    if (!store_.afford(left.text.size() + right.text.size())) return unknown(Why::kTooLong);
    std::string both(left.text);
    both += right.text;
    return Value::string(store_.keep(std::move(both)));
  }
  if (left.kind == ValueKind::kSequence && right.kind == ValueKind::kSequence) {
    const SequenceKind kind = store_.sequence(left).kind;
    if (kind == store_.sequence(right).kind && kind != SequenceKind::kSet) {
      std::vector<Value> both;
      for (const Value& side : {left, right}) {
        const auto elements = store_.elements(side);
        if (!store_.afford(elements.size() * 8)) return unknown(Why::kTooLong);
        both.insert(both.end(), elements.begin(), elements.end());
      }
      const Value value = store_.make_sequence(kind, both);
      if (value.is_unknown()) met_unknown_ = true;
      return value;
    }
  }
  return unknown(Why::kExpression);
}

Value PythonExpression::atom(int depth) {
  if (at_end()) return unknown(Why::kExpression);
  const Token& token = tokens_[next_];
  if (token.kind == TokenKind::kString) return strings();
  if (token.is_name()) return name();
  if (token.kind == TokenKind::kNumber) {
    ++next_;
    Value value = Value::of(ValueKind::kNumber);
    // Decimal digits only: "0x0", "0.0" and "0e1" are nobody's condition.
    value.truth = token.text() != "0";
    value.truth_known = token.text() == "0" ||
                        (token.text()[0] >= '1' && token.text()[0] <= '9' &&
                         token.text().find_first_not_of("0123456789") == std::string_view::npos);
    return value;
  }
  if (token.opens()) {
    if (depth >= kMaxDepth) return unknown(Why::kTooDeep);
    const char open = token.op;
    ++next_;
    const Value value = list(open == '(' ? ')' : open == '[' ? ']' : '}', depth + 1);
    if (!at_end()) ++next_;
    return value;
  }
  return unknown(Why::kExpression);
}

// Adjacent literals are one:
// https://docs.python.org/3/reference/lexical_analysis.html#string-literal-concatenation
Value PythonExpression::strings() {
  const std::size_t first = next_;
  while (!at_end() && tokens_[next_].kind == TokenKind::kString) ++next_;
  if (next_ - first == 1) {
    const StringLiteral literal = parse_string_literal(tokens_[first].text());
    if (literal.plain) return Value::string(literal.body);
  }
  std::string joined;
  for (std::size_t i = first; i < next_; ++i) {
    if (!store_.afford(tokens_[i].size)) return unknown(Why::kTooLong);
    const LiteralKind kind = append_value(parse_string_literal(tokens_[i].text()), joined);
    if (kind != LiteralKind::kText) return unknown(why_of(kind));
  }
  return Value::string(store_.keep(std::move(joined)));
}

Value PythonExpression::name() {
  const std::string_view text = tokens_[next_].text();
  if (text == "None" || text == "True" || text == "False") {
    ++next_;
    Value value = Value::of(text == "None" ? ValueKind::kNone : ValueKind::kBoolean);
    value.truth = text == "True";
    value.truth_known = true;
    return value;
  }
  if (text == "not" || text == "lambda" || text == "await" || text == "yield") {
    return unknown(Why::kExpression);
  }

  const std::size_t first = next_++;
  while (next_ + 1 < tokens_.size() && tokens_[next_].is('.') && tokens_[next_ + 1].is_name()) {
    next_ += 2;
  }
  // What is called or subscripted need not be looked up, and looking up may load a module.
  if (!at_terminator() && !tokens_[next_].is('+')) return unknown(Why::kExpression);

  used_names_ = true;
  Value value = names_.value_of(text);
  for (std::size_t i = first + 2; i < next_ && !value.is_unknown(); i += 2) {
    value = names_.attribute_of(value, tokens_[i].text());
  }
  // Where it is absent, Python stops here.
  value.perhaps_absent = false;
  switch (value.kind) {
    case ValueKind::kUnbound: return unknown(Why::kUndefinedName, text);
    case ValueKind::kFunction:
    case ValueKind::kClass: return unknown(Why::kExpression);
    case ValueKind::kUnknown: met_unknown_ = true; return value;
    default: return value;
  }
}

}  // namespace drift::migrations
