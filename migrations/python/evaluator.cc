#include "migrations/python/evaluator.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace drift::migrations {
namespace {

Ref number_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (whole && (digits == "0" || digits[0] != '0')) return make_integer(value);
  return make_object(ObjectKind::kFloat, std::string(text));
}

// Of "app.cli" it is "app", of "..cli" it is "..", of ".." it is "...".
std::string parent_of(std::string_view module) {
  if (module.find_first_not_of('.') == std::string_view::npos) return std::string(module) + ".";
  const std::size_t dot = module.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view parent = module.substr(0, dot);
  const bool relative = parent.find_first_not_of('.') == std::string_view::npos;
  return std::string(module.substr(0, relative ? dot + 1 : dot));
}

// What holds itself a thousand times over is more than the stack can let go of.
constexpr std::int64_t kMostNested = 100;

}  // namespace

// Functions and the scopes that they stand in refer to each other.
Evaluator::~Evaluator() {
  for (auto& [name, module] : own_) {
    if (module) module->scope->names.clear();
  }
}

void Evaluator::step(std::size_t steps) {
  steps_ += steps;
  if (steps_ > limits_.steps) throw OutOfSteps{};
}

void Evaluator::spend(std::size_t bytes) {
  if (!affords(bytes)) throw OutOfSteps{};
}

bool Evaluator::affords(std::size_t bytes) {
  if (bytes > limits_.bytes - bytes_) return false;
  bytes_ += bytes;
  return true;
}

Evaluator::Flow Evaluator::run(const Body& body) {
  for (const Stmt* statement = body.first; statement != nullptr; statement = statement->next) {
    const Flow flow = run(*statement);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Evaluator::Flow Evaluator::run(const Stmt& statement) {
  switch (statement.kind) {
    case StmtKind::kAssign: {
      const Ref value = evaluate(*statement.values.back());
      for (const Expr* target : statement.values.first(statement.values.size() - 1)) {
        assign(*target, value);
      }
      break;
    }
    case StmtKind::kFunction:
    case StmtKind::kClass: define(statement); break;
    case StmtKind::kImport:
      for (const Import& one : statement.imports) bind_import(statement, one);
      break;
    case StmtKind::kFrom:
      for (const Import& one : statement.imports.subspan(1)) {
        if (one.name == "*") {
          star_import(statement.imports[0].name, one.as.data());
        } else {
          bind_import(statement, one);
        }
      }
      break;
    default: break;
  }
  return Flow::kNext;
}

// https://docs.python.org/3/reference/simple_stmts.html#assignment-statements
void Evaluator::assign(const Expr& target, const Ref& value) {
  if (target.kind == ExprKind::kName) return bind(target.text, value, target.place);
  if (target.kind != ExprKind::kTuple && target.kind != ExprKind::kList) {
    return assign_inside(target, value);
  }
  const auto parts = parts_of(value);
  const bool starred = std::any_of(target.items.begin(), target.items.end(),
                                   [](const Expr* one) { return one->kind == ExprKind::kStarred; });
  const bool known = parts && !starred && parts->size() == target.items.size();
  for (std::size_t i = 0; i < target.items.size(); ++i) {
    const Expr& item = *target.items[i];
    assign(item.kind == ExprKind::kStarred ? *item.items[0] : item,
           known ? (*parts)[i] : unknown_part(value));
  }
}

Ref Evaluator::too_deep() { return make_unknown(std::string(kNestedTooDeeply), true); }

Ref Evaluator::evaluate(const Expr& expression) {
  step();
  if (depth_ > limits_.depth) return too_deep();
  ++depth_;
  struct Leave {
    int& depth;
    ~Leave() { --depth; }
  } const leave_depth{depth_};
  switch (expression.kind) {
    case ExprKind::kName: return name(expression.text);
    case ExprKind::kNumber: return number_of(expression.text);
    case ExprKind::kString: spend(expression.value.size()); return make_text(expression.value);
    case ExprKind::kConstant:
      if (expression.text == "None") return none();
      if (expression.text == "...") return make_object(ObjectKind::kConstruct, "...");
      return make_boolean(expression.text == "True");
    case ExprKind::kTuple:
    case ExprKind::kList:
    case ExprKind::kSet: {
      Ref made = make_object(expression.kind == ExprKind::kTuple  ? ObjectKind::kTuple
                             : expression.kind == ExprKind::kList ? ObjectKind::kList
                                                                  : ObjectKind::kSet);
      made->doubts = doubts_;
      spend(expression.items.size() * 16);
      for (const Expr* item : expression.items) {
        if (item->kind != ExprKind::kStarred) {
          made->items.push_back(evaluate(*item));
          // How deeply sequences are nested in it.
          if (made->items.back()->is_sequence()) {
            made->number = std::max(made->number, made->items.back()->number + 1);
            if (made->number > kMostNested) return too_deep();
          }
          continue;
        }
        const auto more = elements_of(evaluate(*item->items[0]));
        if (!more) return other(*item);
        spend(more->size() * 16);
        made->items.insert(made->items.end(), more->begin(), more->end());
      }
      return made;
    }
    case ExprKind::kAttribute: return attribute(evaluate(*expression.items[0]), expression.text);
    case ExprKind::kBinary: {
      const Ref left = evaluate(*expression.items[0]);
      return binary(expression.text, left, evaluate(*expression.items[1]));
    }
    default: return other(expression);
  }
}

// Null where it is none of these sums.
Ref Evaluator::binary(std::string_view op, const Ref& left, const Ref& right) {
  const auto both = [&](ObjectKind kind) { return left->is(kind) && right->is(kind); };
  if (op != "+") return nullptr;
  if (both(ObjectKind::kText)) {
    spend(left->text.size() + right->text.size());
    return make_text(left->text + right->text);
  }
  if (!both(ObjectKind::kList) && !both(ObjectKind::kTuple)) return nullptr;
  const Ref made = make_object(left->kind);
  made->doubts = doubts_;
  spend((left->items.size() + right->items.size()) * 16);
  made->number = std::max(left->number, right->number);
  made->items = left->items;
  made->items.insert(made->items.end(), right->items.begin(), right->items.end());
  return made;
}

Ref Evaluator::name(std::string_view name) {
  bool own = true;
  for (Scope* scope = frame_->scope.get(); scope != nullptr; scope = scope->outer.get()) {
    // Functions do not see the names of the class that they stand in.
    const bool skipped = scope->is_class && !own;
    own = false;
    if (skipped) continue;
    Slot* const found = scope->names.find(name);
    if (found == nullptr || !found->is_bound()) continue;
    const Ref value = value_of(*scope, *found);
    if (!value->is(ObjectKind::kImport)) return value;
    const Ref there = resolved(value);
    Slot* const again = scope->names.find(name);
    if (again != nullptr && !there->passing) again->value = there;
    return there;
  }
  return undefined(name);
}

Ref Evaluator::value_of(Scope&, Slot& slot) { return slot.value; }

Ref Evaluator::resolved(const Ref& object) {
  if (!object->is(ObjectKind::kImport)) return object;
  return imported(object->scope->module->name, object->detail, object->text);
}

Ref Evaluator::function(const Stmt& statement) {
  const Ref made = make_object(ObjectKind::kFunction, std::string(statement.text));
  made->statement = &statement;
  made->scope = frame_->scope;
  return made;
}

std::string dotted(std::string_view package, std::string_view name) {
  std::string joined(package);
  if (!joined.empty() && !joined.ends_with('.')) joined += '.';
  joined += name;
  return joined;
}

std::vector<std::string> Evaluator::candidates(std::string_view importer, std::string_view module) {
  if (importer.empty() || !module.starts_with('.')) return {std::string(module)};
  const std::size_t name = std::min(module.find_first_not_of('.'), module.size());
  std::string if_package(importer);
  for (std::size_t level = 1; level < name; ++level) if_package = parent_of(if_package);
  const std::string if_module = parent_of(if_package);
  const std::string_view rest = module.substr(name);
  std::vector<std::string> found;
  for (const std::string& base : {if_package, if_module}) {
    if (!base.empty()) found.push_back(rest.empty() ? base : dotted(base, rest));
  }
  return found;
}

TreeModule* Evaluator::load(const std::string& name, bool* refused) {
  KeptModules& modules = name.starts_with('.') ? own_ : kept_;
  const auto known = modules.find(name);
  if (known != modules.end()) return known->second.get();
  if (loading_ >= limits_.modules_deep || modules.size() >= limits_.modules) {
    if (refused != nullptr) *refused = true;
    return nullptr;
  }
  auto& entry = modules[name];
  if (!load_module_) return nullptr;
  const auto text = load_module_(name);
  if (!text || text->size() > limits_.module_size) return nullptr;
  entry = std::make_unique<TreeModule>(decode_python_source(*text), name);
  ++loading_;
  run_module(*entry);
  --loading_;
  return entry.get();
}

void Evaluator::run_module(TreeModule& module) {
  Frame frame;
  frame.scope = module.scope;
  Frame* const outer = std::exchange(frame_, &frame);
  module.running = true;
  if (!module.syntax.error()) run(module.syntax.module());
  module.running = false;
  frame_ = outer;
}

}  // namespace drift::migrations
