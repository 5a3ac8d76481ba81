#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/text.h"
#include "migrations/python/module_reader.h"

namespace drift::migrations {
namespace {

constexpr std::string_view kExpression =
    "it is an expression that only running the file would evaluate";
constexpr std::string_view kTooDeep = "it is nested too deeply";

// Modules that import from each other can make one question two, and those four.
constexpr std::size_t kMaxQuestions = 100000;

// Constants come from the next module or the one after it; more is a puzzle, not a migration.
constexpr Evaluator::Limits kLimits = {
    .bytes = std::size_t{4} << 20, .depth = 600, .modules_deep = 8, .modules = 64};

// Of an expression that is no literal, as one reads it from the left.
std::string_view words(const Expr& expression) {
  for (const Expr* one = &expression;; one = one->items[0]) {
    switch (one->kind) {
      case ExprKind::kBytes: return "it is a bytes literal, not a string";
      case ExprKind::kFormatted: return "it is an f-string with replacement fields";
      case ExprKind::kDict: return "it is a dict";
      case ExprKind::kComprehension:
      case ExprKind::kStarred: return "it is a comprehension, or unpacks something with '*'";
      case ExprKind::kCall: {
        const Expr* callee = one->items[0];
        while (callee->kind == ExprKind::kAttribute) callee = callee->items[0];
        const bool made = callee->kind == ExprKind::kCall || callee->kind == ExprKind::kSubscript;
        if (!made && (callee->kind == ExprKind::kName || callee == one->items[0])) {
          return "it is the result of a call";
        }
        break;
      }
      case ExprKind::kAttribute:
      case ExprKind::kSubscript:
      case ExprKind::kBinary:
      case ExprKind::kComparison:
      case ExprKind::kAnd:
      case ExprKind::kOr:
      case ExprKind::kChoice: break;
      case ExprKind::kUnreadable:
        if (one->value == kNestedTooDeeply) return kTooDeep;
        return one->text.empty() ? kExpression : one->text;
      default: return kExpression;
    }
  }
}

// Packages whose `import *` is known to bring none of the names that Alembic reads: what migrations
// import this way behind the lines that a reader would doubt.
constexpr std::string_view kKnownPackages =
    " __future__ alembic citext collections datetime decimal enum geoalchemy geoalchemy2 json "
    "logging math migrate os pgvector re sqlalchemy sqlalchemy_json sqlalchemy_jsonfield "
    "sqlalchemy_utils sqlmodel string time types typing typing_extensions uuid ";

}  // namespace

ModuleReader::ModuleReader(const ModuleLoader& load_module)
    : Evaluator(load_module, modules_, kLimits) {}

// Functions and the scopes that they stand in refer to each other.
ModuleReader::~ModuleReader() {
  if (main_) main_->scope->names.clear();
  for (auto& [name, module] : modules_) {
    if (module) module->scope->names.clear();
  }
}

Ref ModuleReader::evaluated(const Expr& expression) {
  used_names_ = met_unknown_ = false;
  Ref value;
  try {
    value = evaluate(expression);
  } catch (const OutOfSteps&) {
    met_unknown_ = true;
    value = make_unknown("it is too long");
  }
  if (value->is_unknown() && value->text == kNestedTooDeeply) {
    met_unknown_ = true;
    value = make_unknown(std::string(kTooDeep));
  }
  if (met_unknown_) mention(expression.tokens);
  return value;
}

bool ModuleReader::is_type_checking(const Expr& condition) {
  const bool attribute = condition.kind == ExprKind::kAttribute;
  if (attribute && condition.text != "TYPE_CHECKING") return false;
  const Expr& name = attribute ? *condition.items[0] : condition;
  const Slot* slot = name.kind == ExprKind::kName ? frame_->scope->names.find(name.text) : nullptr;
  if (slot == nullptr || slot->import == nullptr) return false;
  const bool from = slot->statement->kind == StmtKind::kFrom;
  const std::string_view module = from ? slot->statement->imports[0].name : slot->import->name;
  return (module == "typing" || module == "typing_extensions") && from != attribute &&
         (attribute || slot->import->name == "TYPE_CHECKING");
}

std::optional<bool> ModuleReader::truth(const Expr& condition) {
  if (condition.kind == ExprKind::kNot) {
    const auto truth_of_it = truth(*condition.items[0]);
    if (!truth_of_it) return std::nullopt;
    return !*truth_of_it;
  }
  if (condition.kind == ExprKind::kComparison && condition.names.size() == 1 &&
      condition.names[0] == "==") {
    // Alembic imports migrations; none of them is the main module.
    const auto is = [&](std::size_t i, ExprKind kind, std::string_view Expr::*part,
                        std::string_view text) {
      return condition.items[i]->kind == kind && condition.items[i]->*part == text;
    };
    for (const std::size_t i : {0, 1}) {
      if (is(i, ExprKind::kName, &Expr::text, "__name__") &&
          is(1 - i, ExprKind::kString, &Expr::value, "__main__") &&
          frame_->scope->names.find("__name__") == nullptr) {
        return false;
      }
    }
  }
  // https://docs.python.org/3/library/typing.html#typing.TYPE_CHECKING
  if (is_type_checking(condition)) return false;
  const Ref value = evaluated(condition);
  // A loop may come back with another value.
  if (used_names_ && block_->mode == Mode::kLoops) return std::nullopt;
  return truth_of(*value);
}

Ref ModuleReader::other(const Expr& expression) {
  met_unknown_ = true;
  return make_unknown(std::string(words(expression)));
}

Ref ModuleReader::undefined(std::string_view name) {
  return make_unknown(fmt::format("it uses the name '{}', which this file does not assign", name));
}

Ref ModuleReader::name(std::string_view name) {
  used_names_ = true;
  Ref value = Evaluator::name(name);
  if (value->is(ObjectKind::kFunction) || value->is(ObjectKind::kClass)) {
    value = make_unknown(std::string(kExpression));
  }
  if (value->is_unknown()) met_unknown_ = true;
  return value;
}

Ref ModuleReader::attribute(const Ref& of, std::string_view name) {
  if (of->is_unknown()) return of;
  if (of->is(ObjectKind::kModule)) {
    Ref found = found_in(frame_->scope->module->name, of->text, name);
    // A folder without __init__.py is a module too: "app" of "app.cli".
    if (!found) return make_object(ObjectKind::kModule, dotted(of->text, name));
    if (found->is_unknown()) met_unknown_ = true;
    return found;
  }
  met_unknown_ = true;
  return make_unknown(std::string(kExpression));
}

Ref ModuleReader::binary(std::string_view op, const Ref& left, const Ref& right) {
  if (left->is_unknown()) return left;
  if (right->is_unknown()) return right;
  if (const Ref sum = Evaluator::binary(op, left, right)) return sum;
  met_unknown_ = true;
  return make_unknown(std::string(kExpression));
}

// Most of what a migration binds nobody asks about.
Ref ModuleReader::value_of(Scope& scope, Slot& slot) {
  if (slot.value) return slot.value;
  if (slot.literal != nullptr) {
    const Expr& literal = *slot.literal;
    slot.value = literal.kind == ExprKind::kString ? make_text(literal.value)
                 : literal.text == "None"          ? none()
                                                   : make_boolean(literal.text == "True");
  } else if (slot.import == nullptr) {
    const bool is_class = slot.statement->kind == StmtKind::kClass;
    slot.value = make_object(is_class ? ObjectKind::kClass : ObjectKind::kFunction);
  } else if (slot.statement->kind == StmtKind::kFrom) {
    slot.value = make_object(ObjectKind::kImport, std::string(slot.import->name));
    slot.value->detail = slot.statement->imports[0].name;
    slot.value->scope = scope.module->scope;
  } else {
    const std::string_view name = slot.import->renamed ? slot.import->name : slot.import->as;
    slot.value = make_object(ObjectKind::kModule, std::string(name));
  }
  return slot.value;
}

Ref ModuleReader::imported(std::string_view importer, std::string_view module,
                           std::string_view name) {
  if (const Ref found = found_in(importer, module, name)) return found;
  return make_unknown(
      fmt::format("it comes from the module '{}', which is not in this tree", module));
}

// Null where no such module is in the tree.
Ref ModuleReader::found_in(std::string_view importer, std::string_view module,
                           std::string_view name) {
  // Two modules may each say that the other one knows.
  if (chain_ >= limits_.modules_deep || ++questions_ > kMaxQuestions) return too_far();
  ++chain_;
  Ref result;
  for (const std::string& candidate : candidates(importer, module)) {
    const Ref value = imported_from(candidate, name);
    if (!value) continue;
    // Two modules fit; which one Python would take depends on the layout of the tree.
    const bool differs = result && !interchangeable(result, value);
    result = differs ? make_unknown(std::string(kExpression)) : value;
    if (differs) break;
  }
  --chain_;
  return result;
}

Ref ModuleReader::too_far() {
  const Ref made = make_unknown("it comes through too long a chain of imports");
  made->passing = true;
  return made;
}

Ref ModuleReader::imported_from(const std::string& module, std::string_view name) {
  const auto from = [&](std::string_view what) {
    return make_unknown(fmt::format("it comes from the module '{}', which {}", module, what));
  };
  bool refused = false;
  TreeModule* const found = load(module, &refused);
  if (refused) return too_far();
  if (found != nullptr) {
    if (found->running) return from("imports it back");
    if (found->syntax.error()) return from("is not valid Python");
    if (Ref value = exported(*found, name)) return value;
  }
  std::string submodule = dotted(module, name);
  const bool is_module = load(submodule, &refused) != nullptr;
  if (refused) return too_far();
  if (is_module) return make_object(ObjectKind::kModule, std::move(submodule));
  if (found == nullptr) return nullptr;
  return make_unknown(fmt::format("it uses the name '{}', which its module does not assign", name));
}

// What `name` of `module` is to whoever imports it; null where it is not bound.
Ref ModuleReader::exported(TreeModule& module, std::string_view name) {
  Slot* const slot = module.scope->names.find(name);
  if (slot == nullptr || !slot->is_bound()) return nullptr;
  Ref value = resolved(value_of(*module.scope, *slot));
  const bool nested = std::any_of(value->items.begin(), value->items.end(),
                                  [](const Ref& item) { return item->is_sequence(); });
  if (value->is_sequence() && (nested || !value->is(ObjectKind::kTuple))) {
    value = make_unknown(std::string(kShared));
  } else if (value->is(ObjectKind::kFunction) || value->is(ObjectKind::kClass)) {
    value = make_unknown(std::string(kExpression));
  }
  if (value->is_unknown() && value->detail.empty()) {
    value = std::make_shared<Object>(*value);
    value->detail = module.name;
    value->text += fmt::format(", in the module '{}'", module.name);
  }
  // An answer that a circle cut short holds for that question only.
  if (!value->passing) slot->value = value;
  return value;
}

void ModuleReader::star_import(std::string_view module, const char* place) {
  std::vector<std::string_view> names;
  const bool known = star_names(module, names);
  if (known && affords(names.size() * 16)) {
    for (const std::string_view name : names) {
      const Ref made = make_object(ObjectKind::kImport, std::string(name));
      made->detail = module;
      made->scope = frame_->scope;
      bind(name, made, place);
    }
    return;
  }
  const std::string root = fmt::format(" {} ", module.substr(0, module.find('.')));
  if (!known && kKnownPackages.find(root) != std::string_view::npos) return;
  for (const std::string_view name : kAlembicNames) {
    if (frame_->scope->names.find(name) == nullptr) continue;
    return doubt(fmt::format("from {} import *", module), place);
  }
}

// The names that it brings; false where the module cannot be read or exports what cannot be known.
// https://docs.python.org/3/reference/simple_stmts.html#the-import-statement
bool ModuleReader::star_names(std::string_view module, std::vector<std::string_view>& names) {
  TreeModule* only = nullptr;
  for (const std::string& candidate : candidates(frame_->scope->module->name, module)) {
    bool refused = false;
    TreeModule* const found = load(candidate, &refused);
    if (refused || (found != nullptr && (found->running || only != nullptr))) return false;
    if (found != nullptr) only = found;
  }
  if (only == nullptr || only->syntax.error()) return false;
  Slot* const all = only->scope->names.find("__all__");
  if (all == nullptr || !all->is_bound()) {
    for (const Slot& slot : only->scope->names) {
      if (!slot.name.starts_with('_')) names.push_back(slot.name);
    }
    return true;
  }
  const Ref value = resolved(value_of(*only->scope, *all));
  if (!value->is_sequence()) return false;
  for (const Ref& element : value->items) {
    if (!element->is(ObjectKind::kText)) return false;
    names.push_back(syntax().keep(element->text));
  }
  return true;
}

void ModuleReader::run_module(TreeModule& module) {
  Block block;
  Block* const outer = std::exchange(block_, &block);
  const bool pure = pure_, used_names = used_names_, met_unknown = met_unknown_;
  Evaluator::run_module(module);
  block_ = outer;
  pure_ = pure;
  used_names_ = used_names;
  met_unknown_ = met_unknown;
}

std::string ModuleReader::conditional(const char* header) {
  return fmt::format("it is assigned under the '{}' of line {}, which may or may not run",
                     keyword_at(header), syntax().line_of(header));
}

// `required`: Alembic refuses a module without it, so that where it is absent nobody asks.
ModuleValue ModuleReader::value_named(std::string_view name, bool required) {
  ModuleValue result;
  Slot* const slot = frame_->scope->names.find(name);
  if (slot == nullptr || !slot->is_bound()) return result;
  result.line = syntax().line_of(slot->place);
  result.source_line = syntax().line_at(slot->place);
  result.kind = ModuleValue::Kind::kUnknown;
  if (!slot->value && slot->literal != nullptr && slot->literal->kind == ExprKind::kString) {
    result.kind = ModuleValue::Kind::kString;
    result.strings.emplace_back(slot->literal->value);
    return result;
  }
  if (!slot->value && slot->literal != nullptr && slot->literal->text == "None") {
    result.kind = ModuleValue::Kind::kNone;
    return result;
  }
  const Ref value = resolved(value_of(*frame_->scope, *slot));
  // None is what Alembic takes for an absent one.
  if (slot->perhaps_absent != nullptr && !required && !value->is(ObjectKind::kNone)) {
    result.reason = conditional(slot->perhaps_absent);
    return result;
  }
  switch (value->kind) {
    case ObjectKind::kNone: result.kind = ModuleValue::Kind::kNone; break;
    case ObjectKind::kText:
      result.kind = ModuleValue::Kind::kString;
      result.strings.push_back(value->text);
      break;
    case ObjectKind::kTuple:
    case ObjectKind::kList:
    case ObjectKind::kSet:
      for (const Ref& element : value->items) {
        if (!element->is(ObjectKind::kText)) {
          result.reason = element->is_unknown() ? "of one of its elements " + element->text
                                                : "it holds something other than strings";
          result.strings.clear();
          return result;
        }
        result.strings.push_back(element->text);
      }
      result.kind = ModuleValue::Kind::kStrings;
      break;
    case ObjectKind::kBoolean:
    case ObjectKind::kInteger:
    case ObjectKind::kFloat: result.reason = "it is a number, not a string"; break;
    case ObjectKind::kFunction: result.reason = "it is a function"; break;
    case ObjectKind::kClass: result.reason = "it is a class"; break;
    case ObjectKind::kModule:
      result.reason = fmt::format(
          "it is the module '{}', or a name of one that is not in this tree", value->text);
      break;
    case ObjectKind::kUnknown: result.reason = value->text; break;
    default: result.reason = kExpression; break;
  }
  return result;
}

ModuleVariables ModuleReader::read(std::string_view source) {
  main_.emplace(decode_python_source(source), std::string{});
  if (const auto& error = main_->syntax.error()) {
    variables_.syntax_error = ModuleVariables::SyntaxError{error->message, error->line};
    return std::move(variables_);
  }
  Frame frame;
  frame.scope = main_->scope;
  frame_ = &frame;
  Block block;
  block_ = &block;
  Evaluator::run(main_->syntax.module());
  variables_.revision = value_named("revision", true);
  variables_.down_revision = value_named("down_revision", true);
  variables_.branch_labels = value_named("branch_labels", false);
  variables_.depends_on = value_named("depends_on", false);
  return std::move(variables_);
}

ModuleVariables read_module_variables(std::string_view source, const ModuleLoader& load_module) {
  return ModuleReader(load_module).read(source);
}

}  // namespace drift::migrations
