#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
Ref Interpreter::other(const Expr& expression) {
  switch (expression.kind) {
    case ExprKind::kBytes: return make_object(ObjectKind::kBytes, std::string(expression.value));
    case ExprKind::kFormatted: return formatted_string(expression);
    case ExprKind::kDict: {
      Ref made = make_object(ObjectKind::kDict);
      made->doubts = doubts_;
      spend(expression.items.size() * 16);
      for (std::size_t i = 0; i + 1 < expression.items.size(); i += 2) {
        const Ref value = evaluate(*expression.items[i + 1]);
        if (expression.items[i] != nullptr) {
          made->items.push_back(evaluate(*expression.items[i]));
          made->items.push_back(value);
        } else if (value->is(ObjectKind::kDict)) {
          spend(value->items.size() * 16);
          made->items.insert(made->items.end(), value->items.begin(), value->items.end());
        } else {
          return make_unknown("a dict of what only a run can tell");
        }
      }
      return made;
    }
    case ExprKind::kCall: return call(expression);
    case ExprKind::kSubscript:
      return subscript(evaluate(*expression.items[0]), *expression.items[1]);
    case ExprKind::kAnd:
    case ExprKind::kOr: return logical(expression);
    case ExprKind::kNot: {
      const auto truth = truth_of(*evaluate(*expression.items[0]));
      return truth ? make_boolean(!*truth) : make_unknown("a test that only a run can decide");
    }
    case ExprKind::kSign: {
      const Ref value = evaluate(*expression.items[0]);
      if (value->is(ObjectKind::kInteger) && expression.text != "~") {
        return make_integer(expression.text == "-" ? -value->number : value->number);
      }
      if (value->is(ObjectKind::kFloat) && expression.text == "-") {
        return make_object(ObjectKind::kFloat, "-" + value->text);
      }
      return make_object(ObjectKind::kConstruct, "sqlalchemy.expression");
    }
    case ExprKind::kComparison: return compare(expression);
    case ExprKind::kChoice: {
      const auto truth = truth_of(*evaluate(*expression.items[1]));
      if (truth) return evaluate(*expression.items[*truth ? 0 : 2]);
      ++doubts_;
      const Ref one = evaluate(*expression.items[0]);
      const Ref other = evaluate(*expression.items[2]);
      --doubts_;
      if (equal(*one, *other).value_or(false)) return one;
      return make_unknown("a choice that only a run can make");
    }
    case ExprKind::kComprehension: return comprehension(expression);
    case ExprKind::kAssigned: {
      const Ref value = evaluate(*expression.items[0]);
      bind(expression.text, value);
      return value;
    }
    case ExprKind::kUnreadable: {
      const bool harmless = expression.value == "a generator" || expression.value == "a lambda" ||
                            expression.value.starts_with("a string");
      if (!harmless) opaque(std::string(expression.value));
      return make_unknown(std::string(expression.value), expression.value == "a lambda");
    }
    case ExprKind::kStarred: return make_unknown("a sequence of what only a run can tell");
    default: return make_unknown("an expression");
  }
}

Ref Interpreter::logical(const Expr& expression) {
  const bool is_or = expression.kind == ExprKind::kOr;
  Ref last;
  int unsure = 0;
  std::optional<bool> decided;
  for (const Expr* item : expression.items) {
    last = evaluate(*item);
    const auto truth = truth_of(*last);
    if (truth && *truth == is_or) {
      decided = is_or;
      break;
    }
    if (!truth) {
      ++unsure;
      ++doubts_;
    }
  }
  doubts_ -= unsure;
  if (unsure == 0) return last;
  // `unknown or True` is true, whatever the first is.
  if (decided) return make_boolean(*decided);
  return make_unknown("a test that only a run can decide");
}

Ref Interpreter::compare(const Expr& expression) {
  Ref left = evaluate(*expression.items[0]);
  bool certain = true;
  for (std::size_t i = 0; i < expression.names.size(); ++i) {
    const Ref right = evaluate(*expression.items[i + 1]);
    const std::string_view op = expression.names[i];
    std::optional<bool> truth;
    if (op == "==" || op == "!=" || op == "<>") {
      truth = equal(*left, *right);
      if (truth && op != "==") truth = !*truth;
    } else if (op == "is" || op == "is not") {
      const auto known = [](const Object& one) {
        return !one.is_unknown() && !one.is(ObjectKind::kConstruct) && !one.is(ObjectKind::kSymbol);
      };
      if (left->is(ObjectKind::kNone) && right->is(ObjectKind::kNone)) {
        truth = true;
      } else if (known(*left) && known(*right)) {
        truth = equal(*left, *right);
      } else if ((left->is(ObjectKind::kNone) && right->is(ObjectKind::kConstruct) &&
                  right->text.starts_with("sqlalchemy."))) {
        truth = false;
      }
      if (truth && op == "is not") truth = !*truth;
    } else if (op == "in" || op == "not in") {
      if (left->is(ObjectKind::kText) && right->is(ObjectKind::kText)) {
        truth = right->text.find(left->text) != std::string::npos;
      } else if (const auto elements = elements_of(right)) {
        truth = false;
        step(elements->size());
        for (const Ref& element : *elements) {
          const auto same = equal(*left, *element);
          if (same && *same) {
            truth = true;
            break;
          }
          if (!same) truth = std::nullopt;
        }
      }
      if (truth && op == "not in") truth = !*truth;
    } else if (left->is(ObjectKind::kInteger) && right->is(ObjectKind::kInteger)) {
      truth = op == "<"    ? left->number < right->number
              : op == ">"  ? left->number > right->number
              : op == "<=" ? left->number <= right->number
                           : left->number >= right->number;
    }
    if (truth && !*truth) return make_boolean(false);
    certain = certain && truth.has_value();
    left = right;
  }
  return certain ? make_boolean(true) : make_unknown("a test that only a run can decide");
}

Ref Interpreter::binary(std::string_view op, const Ref& left, const Ref& right) {
  const auto both = [&](ObjectKind kind) { return left->is(kind) && right->is(kind); };
  if (const Ref sum = Evaluator::binary(op, left, right)) return sum;
  if (op == "|" && both(ObjectKind::kDict)) {
    const Ref made = make_object(ObjectKind::kDict);
    spend((left->items.size() + right->items.size()) * 16);
    made->items = left->items;
    made->items.insert(made->items.end(), right->items.begin(), right->items.end());
    return made;
  }
  if (op == "%" && left->is(ObjectKind::kText)) {
    spend(left->text.size());
    return percent(left->text, *right);
  }
  if (both(ObjectKind::kInteger)) {
    std::int64_t result = 0;
    if (op == "+" && !__builtin_add_overflow(left->number, right->number, &result)) {
      return make_integer(result);
    }
    if (op == "-" && !__builtin_sub_overflow(left->number, right->number, &result)) {
      return make_integer(result);
    }
    if (op == "*" && !__builtin_mul_overflow(left->number, right->number, &result)) {
      return make_integer(result);
    }
    if ((op == "//" || op == "%") && left->number >= 0 && right->number > 0) {
      return make_integer(op == "%" ? left->number % right->number : left->number / right->number);
    }
    return make_unknown("arithmetic");
  }
  if (op == "*" && (left->is(ObjectKind::kText) || left->is_sequence()) &&
      right->is(ObjectKind::kInteger)) {
    const auto times = static_cast<std::size_t>(std::max<std::int64_t>(right->number, 0));
    if (times > 100'000) throw OutOfSteps{};
    spend(times * (size_of(*left) * 16 + 1));
    const Ref made = make_object(left->kind);
    for (std::size_t i = 0; i < times; ++i) {
      made->text += left->text;
      made->items.insert(made->items.end(), left->items.begin(), left->items.end());
    }
    return made;
  }
  const auto column = [](const Object& one) { return one.is(ObjectKind::kConstruct); };
  if (column(*left) || column(*right)) {
    return make_object(ObjectKind::kConstruct, "sqlalchemy.expression");
  }
  return make_unknown("an expression of what only a run can tell");
}

Ref Interpreter::comprehension(const Expr& expression) {
  const auto scope = std::make_shared<Scope>();
  scope->outer = frame_->scope;
  scope->module = frame_->scope->module;
  const std::shared_ptr<Scope> outer = std::exchange(frame_->scope, scope);
  std::vector<Ref> items;
  const bool known = comprehend(expression, 0, items);
  frame_->scope = outer;
  if (!known) return make_unknown("a comprehension of what only a run can tell");
  const char kind = expression.text[0];
  const Ref made = make_object(kind == ':'   ? ObjectKind::kDict
                               : kind == '{' ? ObjectKind::kSet
                                             : ObjectKind::kList);
  made->doubts = doubts_;
  made->items = std::move(items);
  return made;
}

bool Interpreter::comprehend(const Expr& expression, std::size_t clause, std::vector<Ref>& items) {
  if (clause == expression.clauses.size()) {
    for (const Expr* item : expression.items) {
      spend(16);
      items.push_back(evaluate(*item));
    }
    return true;
  }
  const Expr::Clause& one = expression.clauses[clause];
  const auto elements = elements_of(evaluate(*one.iterable));
  bool known = true;
  if (!elements) {
    // Once, for the operations that it may hold.
    ++doubts_;
    assign(*one.target, make_unknown("an element of what only a run can tell"));
    std::vector<Ref> ignored;
    comprehend(expression, clause + 1, ignored);
    --doubts_;
    return false;
  }
  for (const Ref& element : *elements) {
    step();
    assign(*one.target, element);
    bool taken = true;
    for (const Expr* condition : one.conditions) {
      const auto truth = truth_of(*evaluate(*condition));
      known = known && truth.has_value();
      if (truth && !*truth) taken = false;
    }
    if (taken && !comprehend(expression, clause + 1, items)) known = false;
  }
  return known;
}

Ref Interpreter::formatted_string(const Expr& expression) {
  std::string text;
  const Object* unknown = nullptr;
  std::vector<Ref> kept;
  for (const Expr* piece : expression.items) {
    if (piece->kind == ExprKind::kString) {
      text += piece->value;
      continue;
    }
    kept.push_back(evaluate(*piece->items[0]));
    const Object& value = *kept.back();
    const auto shown = piece->text == "r" ? repr_of(value) : formatted(value, piece->value);
    if (shown) {
      text += *shown;
    } else if (unknown == nullptr) {
      unknown = &value;
    }
    spend(text.size());
  }
  if (unknown == nullptr) return make_text(std::move(text));
  return make_unknown("an f-string with " +
                      (unknown->is_unknown() ? unknown->text : "what only a run can tell"));
}

}  // namespace drift::migrations
