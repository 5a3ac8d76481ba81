#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

constexpr const char* kUndecided = "a test that only a run can decide";

// Whether `element` is in `of`.
std::optional<bool> holds(const Ref& of, const Object& element) {
  if (of->is(kText) && element.is(kText)) {
    return of->text.find(element.text) != std::string::npos;
  }
  const auto elements = elements_of(of);
  if (!elements) return std::nullopt;
  for (const Ref& one : *elements) {
    const auto same = equal(element, *one);
    if (same.value_or(true)) return same;
  }
  return false;
}

std::optional<bool> compared(const Object& left, std::string_view op, const Ref& right) {
  const bool negated = op == "!=" || op == "<>" || op == "is not" || op == "not in";
  if (negated || op == "in" || op == "==" || op == "is") {
    const auto truth = op.ends_with("in") ? holds(right, left) : equal(left, *right);
    return truth && negated ? !*truth : truth;
  }
  if (!left.is(kInteger) || !right->is(kInteger)) return std::nullopt;
  const bool less = left.number < right->number, same = left.number == right->number;
  return (op.starts_with('<') ? less : !less && !same) || (op.ends_with('=') && same);
}

}  // namespace

Ref Interpreter::other(const Expr& expression) {
  const auto item = [&](std::size_t i) { return evaluate(*expression.items[i]); };
  switch (expression.kind) {
    case ExprKind::kBytes: return make_object(kBytes, std::string(expression.value));
    case ExprKind::kFormatted: return formatted_string(expression);
    case ExprKind::kDict: {
      std::vector<Ref> items;
      for (const Expr* one : expression.items) items.push_back(one ? evaluate(*one) : nullptr);
      const bool unpacks = std::count(items.begin(), items.end(), nullptr) > 0;
      if (unpacks) return make_unknown("a dict of what only a run can tell", true);
      return collect(kDict, std::move(items));
    }
    case ExprKind::kCall: return call(expression);
    case ExprKind::kSubscript: return subscript(item(0), *expression.items[1]);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return logical(expression.kind == ExprKind::kOr, expression.items.size(), item);
    case ExprKind::kNot: return make_unknown(kUndecided);
    case ExprKind::kSign: return binary(expression.text, make_integer(0), item(0));
    case ExprKind::kComparison: {
      Ref left = item(0);
      return logical(false, expression.names.size(), [&](std::size_t i) {
        const Ref right = item(i + 1);
        step(right->items.size());
        const auto truth = compared(*std::exchange(left, right), expression.names[i], right);
        return truth ? make_boolean(*truth) : make_unknown(kUndecided);
      });
    }
    case ExprKind::kChoice: {
      if (const auto truth = truth_of(*item(1))) return item(*truth ? 0 : 2);
      const During doubtful(doubts_, doubts_ + 1);
      const Ref one = item(0), two = item(2);
      const bool acts = may_act(one) || may_act(two);
      return same(one, two) ? one : make_unknown("a choice that only a run can make", acts);
    }
    case ExprKind::kComprehension: return comprehension(expression);
    case ExprKind::kAssigned: {
      const Ref value = item(0);
      bind(expression.text, value);
      return value;
    }
    case ExprKind::kUnreadable: {
      const std::string what(expression.value);
      const bool is_lambda = what == "a lambda";
      if (!is_lambda && what != "a generator" && !what.starts_with("a string")) opaque(what);
      return make_unknown(what, is_lambda);
    }
    default: return make_unknown("an expression");
  }
}

Ref Interpreter::logical(bool is_or, std::size_t count,
                         const std::function<Ref(std::size_t)>& operand) {
  const During restored(doubts_, doubts_);
  bool certain = true, acts = false;
  int decided = 0;
  Ref last;
  for (std::size_t i = 0; i < count; ++i) {
    last = operand(i);
    const auto truth = truth_of(*last);
    acts = acts || may_act(last);
    // `unknown or True` is true, whatever the first is.
    decided = truth && *truth == is_or ? (is_or ? 1 : -1) : 0;
    if (decided != 0) break;
    certain = certain && truth;
    if (!truth) ++doubts_;
  }
  if (certain) return last;
  last = make_unknown(kUndecided, acts);
  last->number = decided;
  return last;
}

Ref Interpreter::binary(std::string_view op, const Ref& left, const Ref& right) {
  if (const Ref sum = Evaluator::binary(op, left, right)) return sum;
  if (op == "%" && left->is(kText)) {
    spend(left->text.size() + right->items.size() * 16);
    return percent(left->text, right);
  }
  if (left->is(kInteger) && right->is(kInteger)) {
    const std::int64_t a = left->number, b = right->number;
    // So that nothing overflows.
    const bool small = a == static_cast<std::int32_t>(a) && b == static_cast<std::int32_t>(b);
    if (small && op == "+") return make_integer(a + b);
    if (small && op == "-") return make_integer(a - b);
    if (small && op == "*") return make_integer(a * b);
    return make_unknown("arithmetic");
  }
  if (left->is(kConstruct) || right->is(kConstruct)) {
    return make_object(kConstruct, "sqlalchemy.expression");
  }
  return make_unknown("an expression of what only a run can tell", may_act(left) || may_act(right));
}

Ref Interpreter::comprehension(const Expr& expression) {
  const std::shared_ptr<Scope>& outer = frame_->scope;
  const During inside(frame_->scope,
                      std::make_shared<Scope>(Scope{.outer = outer, .module = outer->module}));
  std::vector<Ref> items;
  if (!comprehend(expression, expression.clauses, items)) {
    return make_unknown("a comprehension of what only a run can tell",
                        std::ranges::any_of(items, may_act));
  }
  const std::string_view bracket = expression.text;
  return collect(bracket == ":" ? kDict : bracket == "{" ? kSet : kList, std::move(items));
}

// False where some of its items cannot be known.
bool Interpreter::comprehend(const Expr& expression, std::span<const Expr::Clause> clauses,
                             std::vector<Ref>& items) {
  if (clauses.empty()) {
    for (const Expr* item : expression.items) {
      spend(16);
      items.push_back(evaluate(*item));
    }
    return true;
  }
  const Ref over = evaluate(*clauses[0].iterable);
  auto elements = elements_of(over);
  bool known = elements.has_value();
  // Else once, for the operations that it may hold.
  const During doubtful(doubts_, doubts_ + !known);
  if (!known) elements = {make_unknown("an element of what only a run can tell", may_act(over))};
  for (const Ref& element : *elements) {
    step();
    assign(*clauses[0].target, element);
    bool taken = true;
    for (const Expr* condition : clauses[0].conditions) {
      const auto truth = truth_of(*evaluate(*condition));
      known = known && truth;
      taken = taken && truth.value_or(true);
    }
    if (taken && !comprehend(expression, clauses.subspan(1), items)) known = false;
  }
  return known;
}

Ref Interpreter::formatted_string(const Expr& expression) {
  std::string text;
  Ref unknown;
  for (const Expr* piece : expression.items) {
    if (piece->kind == ExprKind::kString) {
      text += piece->value;
      continue;
    }
    const Ref value = evaluate(*piece->items[0]);
    const auto shown = formatted(*value, piece->value, piece->text);
    if (!shown && !unknown) unknown = value;
    text += shown.value_or("");
    spend(text.size());
  }
  if (!unknown) return make_text(text);
  return make_unknown("an f-string with " +
                      (unknown->is_unknown() ? unknown->text : "what only a run can tell"));
}

// https://docs.python.org/3/reference/expressions.html#slicings
Ref Interpreter::sliced(const Ref& of, const Expr& slice) {
  const bool is_text = of->is(kText) && is_ascii(of->text);
  bool known = (is_text || of->is_sequence()) && slice.items[2] == nullptr;
  const auto size = static_cast<std::int64_t>(is_text ? of->text.size() : of->items.size());
  std::int64_t bounds[] = {0, size};
  for (const std::size_t i : {0u, 1u}) {
    if (slice.items[i] == nullptr) continue;
    const Ref bound = evaluate(*slice.items[i]);
    known = known && bound->is(kInteger);
    bounds[i] = std::clamp<std::int64_t>(bound->number + (bound->number < 0 ? size : 0), 0, size);
  }
  if (!known) return make_unknown("a slice", may_act(of));
  const std::int64_t begin = bounds[0], end = std::max(bounds[1], begin);
  spend(static_cast<std::size_t>(end - begin) * 16);
  if (is_text) return make_text({of->text.begin() + begin, of->text.begin() + end});
  return make_items(of->kind, {of->items.begin() + begin, of->items.begin() + end}, doubts_);
}

Ref Interpreter::subscript(const Ref& of, const Expr& index) {
  if (index.kind == ExprKind::kSlice) return sliced(of, index);
  const Ref key = evaluate(index);
  const std::size_t size = of->items.size();
  if (of->is(kClass)) return attribute(of, key->text);
  if (of->is(kDict)) {
    step(size / 2);
    const std::size_t found = find_key(*of, *key).value_or(size);
    if (found < size) return of->items[found + 1];
  }
  if ((of->is(kList) || of->is(kTuple)) && key->is(kInteger)) {
    const std::size_t at = (key->number < 0 ? size : 0) + static_cast<std::size_t>(key->number);
    if (at < size) return of->items[at];
  }
  const bool foreign = may_act(of) || (of->is(kSymbol) && !of->text.starts_with("sqlalchemy"));
  return make_unknown("an element that only a run can tell", foreign);
}

}  // namespace drift::migrations
