#include "migrations/python/evaluator.h"

#include <algorithm>
#include <charconv>

namespace drift::migrations {
namespace {

Ref number_of(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (whole && (digits == "0" || digits[0] != '0')) return make_integer(value);
  return make_object(kFloat, std::string(text));
}

// How deeply expressions, calls and imports may stand in each other.
constexpr int kMostDepth = 600;

// Constants come from the next module or the one after it; more is a puzzle, not a migration.
constexpr int kMostLoading = 12;
constexpr std::size_t kMostModules = 200;
constexpr std::size_t kMostModuleSize = std::size_t{1} << 20;

// Of "app.cli" it is "app", of "..cli" it is "..", of ".." it is "...".
std::string parent_of(const std::string& module) {
  if (module.ends_with('.')) return module + '.';
  const std::size_t dot = module.rfind('.');
  if (dot == std::string::npos) return {};
  const bool relative = dot == 0 || module[dot - 1] == '.';
  return module.substr(0, relative ? dot + 1 : dot);
}

}  // namespace

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
    case StmtKind::kFrom: {
      const bool from = statement.kind == StmtKind::kFrom;
      const std::string_view module = from ? statement.imports[0].name : "";
      for (const Import& one : statement.imports.subspan(from ? 1 : 0)) {
        const std::string_view import = from || one.renamed ? one.name : one.as;
        if (import == "*") {
          star_import(module, one.as.data());
        } else {
          put(one.as, {.import = import, .module = module, .place = one.as.data()});
        }
      }
      break;
    }
    default: break;
  }
  return Flow::kNext;
}

// https://docs.python.org/3/reference/simple_stmts.html#assignment-statements
void Evaluator::assign(const Expr& target, const Ref& value) {
  if (target.kind == ExprKind::kName) return bind(target.text, value);
  if (target.kind != ExprKind::kTuple && target.kind != ExprKind::kList) {
    return assign_inside(target, value);
  }
  // Nobody knows the order of a set.
  const auto parts = !value || value->is(kSet) ? std::nullopt : elements_of(value);
  const bool starred = std::any_of(target.items.begin(), target.items.end(),
                                   [](const Expr* one) { return one->kind == ExprKind::kStarred; });
  const bool known = parts && !starred && parts->size() == target.items.size();
  const Ref part =
      value ? make_unknown("a part of what cannot be taken apart", may_act(value)) : nullptr;
  for (std::size_t i = 0; i < target.items.size(); ++i) {
    const Expr& item = *target.items[i];
    assign(item.kind == ExprKind::kStarred ? *item.items[0] : item, known ? (*parts)[i] : part);
  }
}

Ref Evaluator::evaluate(const Expr& expression) {
  step();
  if (depth_ > kMostDepth) return make_unknown("an expression nested too deeply", true);
  const During deeper(depth_, depth_ + 1);
  switch (expression.kind) {
    case ExprKind::kName: return name(expression.text);
    case ExprKind::kNumber: return number_of(expression.text);
    case ExprKind::kString: spend(expression.value.size()); return make_text(expression.value);
    case ExprKind::kConstant:
      if (expression.text == "None") return none();
      if (expression.text == "...") return make_object(kConstruct, "...");
      return make_boolean(expression.text == "True");
    case ExprKind::kTuple:
    case ExprKind::kList:
    case ExprKind::kSet: {
      std::vector<Ref> items;
      spend(expression.items.size() * 16);
      for (const Expr* item : expression.items) {
        if (item->kind != ExprKind::kStarred) {
          items.push_back(evaluate(*item));
          continue;
        }
        const auto more = elements_of(evaluate(*item->items[0]));
        if (!more) return other(*item);
        spend(more->size() * 16);
        items.insert(items.end(), more->begin(), more->end());
      }
      const ObjectKind list = expression.kind == ExprKind::kTuple ? kTuple : kList;
      return collect(expression.kind == ExprKind::kSet ? kSet : list, std::move(items));
    }
    case ExprKind::kAttribute: return attribute(evaluate(*expression.items[0]), expression.text);
    case ExprKind::kBinary: {
      const Ref left = evaluate(*expression.items[0]);
      return binary(expression.text, left, evaluate(*expression.items[1]));
    }
    case ExprKind::kNot: {
      const auto truth = truth_of(*evaluate(*expression.items[0]));
      return truth ? make_boolean(!*truth) : other(expression);
    }
    default: return other(expression);
  }
}

// Null where it is none of these sums.
Ref Evaluator::binary(std::string_view op, const Ref& left, const Ref& right) {
  const bool sum = left->is(kText) || left->is(kList) || left->is(kTuple);
  if (op != "+" || !sum || left->kind != right->kind) return nullptr;
  spend(left->text.size() + right->text.size() + (left->items.size() + right->items.size()) * 16);
  if (left->is(kText)) return make_text(left->text + right->text);
  std::vector<Ref> items = left->items;
  items.insert(items.end(), right->items.begin(), right->items.end());
  return make_items(left->kind, std::move(items), doubts_);
}

Ref Evaluator::name(std::string_view name) {
  for (Scope* scope = frame_->scope.get(); scope != nullptr; scope = scope->outer.get()) {
    // Functions do not see the names of the class that they stand in.
    if (scope->is_class && scope != frame_->scope.get()) continue;
    if (const Ref value = value_of(*scope, name)) return value;
  }
  return undefined(name);
}

void Evaluator::run_module(TreeModule& module) {
  Frame frame{.scope = module.scope};
  const During inside(frame_, &frame);
  const During running(module.running, true);
  if (!module.syntax.error()) run(module.syntax.module());
}

// ----------------------------------------------------------------------------------- imports
// https://docs.python.org/3/reference/import.html

Ref Evaluator::value_of(const Scope& scope, Slot& slot) {
  static const Ref kCircle = make_unknown("an import that goes round in a circle", true);
  if (slot.value || slot.import.empty()) return slot.value;
  Ref value;
  if (slot.module.empty()) {
    value = outside(std::string(slot.import));
    value->foreign = !is_library(slot.import);
  } else {
    const During looking(slot.value, kCircle);
    value = imported(*scope.module, slot.module, slot.import);
  }
  return slot.value = value;
}

Ref Evaluator::value_of(Scope& scope, std::string_view name) {
  Slot* const slot = find(scope.names, name);
  return slot != nullptr ? value_of(scope, *slot) : nullptr;
}

// https://docs.python.org/3/reference/simple_stmts.html#the-import-statement
void Evaluator::star_import(std::string_view module, const char* place) {
  TreeModule& here = *frame_->scope->module;
  bool refused = false;
  TreeModule* const found = is_library(module) ? nullptr : load(absolute(here, module), refused);
  if (found == nullptr || found->running || found->syntax.error()) {
    return unread_star(module, place);
  }
  const Ref all = value_of(*found->scope, "__all__");
  const std::size_t most = found->scope->names.size() + (all ? all->items.size() : 0);
  if (!affords(most * 64)) return unread_star(module, place);
  const auto take = [&](std::string_view name) {
    name = here.syntax.keep(name);
    put(name, {.import = name, .module = module, .place = place});
  };
  if (all && all->is_sequence() && are_texts(all->items)) {
    for (const Ref& name : all->items) take(name->text);
    return;
  }
  if (all) unread_star(module, place);
  for (const auto& [name, slot] : found->scope->names) {
    if (!name.starts_with('_')) take(name);
  }
}

Ref Evaluator::imported(TreeModule& importer, std::string_view module, std::string_view name) {
  step(5);
  if (depth_ > kMostDepth || !affords(module.size() + name.size())) {
    return make_unknown("a name that comes through too many imports", true);
  }
  const During deeper(depth_, depth_ + 1);
  if (is_library(module)) return outside(dotted(module, name));
  const std::string package = absolute(importer, module), whole = dotted(package, name);
  bool refused = false;
  TreeModule* const found = load(package, refused);
  if (found != nullptr) {
    if (Ref value = exported(*found, name)) return value;
  }
  if (TreeModule* const below = load(whole, refused)) {
    return std::make_shared<Object>(
        Object{.kind = kModule, .text = below->name, .scope = below->scope});
  }
  if (refused) return make_unknown("a name that comes through too many modules", true);
  if (found == nullptr && !package.empty() && package[0] != '.') return outside(whole);
  return make_unknown(std::string(name) + ", which the tree does not have", true);
}

Ref Evaluator::outside(const std::string& name) {
  // https://docs.python.org/3/library/typing.html#typing.TYPE_CHECKING
  const bool checking = is_listed(name, " typing.TYPE_CHECKING typing_extensions.TYPE_CHECKING ");
  return checking ? make_boolean(false) : make_object(kSymbol, name);
}

// The dotted name of the tree's module that `importer` means; empty where no package holds it.
std::string Evaluator::absolute(TreeModule& importer, std::string_view module) {
  if (importer.name.empty() || !module.starts_with('.')) return std::string(module);
  const std::size_t dots = std::min(module.find_first_not_of('.'), module.size());
  std::string package = importer.name;
  if (!importer.package) importer.package = load_module_(dotted(package, "__init__")).has_value();
  for (std::size_t level = *importer.package; level < dots; ++level) package = parent_of(package);
  return package.empty() || dots == module.size() ? package : dotted(package, module.substr(dots));
}

// Null where the tree has none; and, told apart by `refused`, beyond the limits.
TreeModule* Evaluator::load(const std::string& name, bool& refused) {
  KeptModules& modules = name.starts_with('.') ? own_ : kept_;
  const auto known = modules.find(name);
  if (known != modules.end()) return known->second.get();
  refused = refused || loading_ >= kMostLoading || modules.size() >= kMostModules;
  if (refused || name.empty() || !load_module_) return nullptr;
  auto& entry = modules[name];
  const auto text = load_module_(name);
  if (!text || text->size() > kMostModuleSize) return nullptr;
  entry = std::make_shared<TreeModule>(decode_python_source(*text), name);
  const During deeper(loading_, loading_ + 1);
  run_module(*entry);
  return entry.get();
}

std::string dotted(std::string_view package, std::string_view name) {
  const bool apart = !package.empty() && !package.ends_with('.');
  return std::string(package).append(apart, '.').append(name);
}

bool is_listed(std::string_view word, std::string_view list) {
  for (std::size_t at = list.find(word, 1); at != list.npos; at = list.find(word, at + 1)) {
    if (list[at - 1] == ' ' && list.substr(at + word.size()).starts_with(' ')) return true;
  }
  return false;
}

bool is_library(std::string_view module) {
  constexpr std::string_view kLibraries =
      " __future__ alembic citext collections contextlib datetime decimal enum functools hashlib "
      "geoalchemy geoalchemy2 inspect itertools json logging math os pathlib pgvector random re "
      "sqlalchemy sqlalchemy_json sqlalchemy_jsonfield sqlalchemy_utils sqlmodel string sys "
      "textwrap time typing typing_extensions uuid ";
  return is_listed(module.substr(0, module.find('.')), kLibraries);
}

}  // namespace drift::migrations
