#include "migrations/python/module_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "migrations/python/evaluator.h"

namespace drift::migrations {
namespace {

constexpr std::array<std::string_view, 4> kAlembicNames = {"revision", "down_revision",
                                                           "branch_labels", "depends_on"};

// The text of an unknown object is the end of "cannot know its value: ...".
constexpr const char* kExpression = "it is an expression that only running the file would evaluate";
constexpr const char* kShared = "it is a list or set that other code may have changed";

std::string reason(const Expr& expression) {
  switch (expression.kind) {
    case ExprKind::kBytes: return "it is a bytes literal, not a string";
    case ExprKind::kFormatted: return "it is an f-string with replacement fields";
    case ExprKind::kDict: return "it is a dict";
    case ExprKind::kCall: return "it is the result of a call";
    case ExprKind::kComprehension:
    case ExprKind::kStarred: return "it is a comprehension, or unpacks something with '*'";
    case ExprKind::kUnreadable:
      if (!expression.text.empty()) return std::string(expression.text);
      if (expression.value != "an expression") return fmt::format("it is {}", expression.value);
      break;
    default: break;
  }
  return kExpression;
}

// Alembic imports migrations; none of them is the main module.
bool asks_for_main(const Expr& test) {
  return test.kind == ExprKind::kComparison && test.names.size() == 1 && test.names[0] == "==" &&
         test.items[0]->kind == ExprKind::kName && test.items[0]->text == "__name__" &&
         test.items[1]->value == "__main__";
}

// Leads to the names of this module by other means than an assignment.
bool is_reflective(std::string_view word, bool attribute) {
  return attribute ? word == "modules" : is_listed(word, " exec execfile globals locals vars ");
}

bool holds_sequence(const Object& object) {
  return std::ranges::any_of(object.items, [](const Ref& item) { return item->is_sequence(); });
}

// Something unseen got hold of it and may have changed it.
void leak(Object& object) {
  if (!object.is_sequence() || object.foreign) return;
  object.foreign = true;
  for (const Ref& item : object.items) leak(*item);
  if (object.is(kTuple)) return;
  object.kind = kUnknown;
  object.text = kShared;
}

// Whether both are known and the same to whoever looks at them later: equal lists are still two.
bool interchangeable(const Object& a, const Object& b) {
  if (&a == &b) return !a.is_unknown();
  return !a.is(kList) && !holds_sequence(a) && equal(a, b).value_or(false);
}

std::string why_no_string(const Object& object) {
  if (object.is_unknown()) return object.text;
  if (object.is(kModule) || object.is(kSymbol)) {
    return fmt::format("it is the module '{}', or a name of one that is not in this tree",
                       object.text);
  }
  if (object.is(kNone)) return "it is None, not a string";
  return object.kind <= kFloat ? "it is a number, not a string" : kExpression;
}

class ModuleReader final : private Evaluator {
 public:
  explicit ModuleReader(const ModuleLoader& load_module)
      : Evaluator(load_module, modules_, SIZE_MAX, std::size_t{4} << 20) {}

  ModuleVariables read(std::string_view source) {
    main_.emplace(decode_python_source(source), std::string{});
    if (const auto& error = main_->syntax.error()) {
      return {.syntax_error = ModuleVariables::SyntaxError{error->message, error->line}};
    }
    run_module(*main_);
    // A docstring may be split and stand in parentheses, but be neither bytes nor an f-string.
    const Stmt* const first = main_->syntax.module().first;
    const auto formatted = [](const Token& token) { return token.prefix.formatted; };
    const bool plain = first != nullptr && first->kind == StmtKind::kExpression &&
                       first->values[0]->kind == ExprKind::kString &&
                       std::ranges::none_of(first->tokens, formatted);
    return {.revision = value_named("revision", true),
            .down_revision = value_named("down_revision", true),
            .branch_labels = value_named("branch_labels", false),
            .depends_on = value_named("depends_on", false),
            .docstring = std::string(plain ? first->values[0]->value : ""),
            .doubt = std::move(doubt_)};
  }

 private:
  enum class Mode { kRuns, kMaybe, kLoops };

  // A block that is being followed, or a module itself.
  struct Block {
    Mode mode = Mode::kRuns;
    const char* header = nullptr;  // of what made it kMaybe or kLoops
    // It or one around it is a `with` or the body of a `try`: what fails in it need not end the
    // module.
    bool guarded = false;
    Block* outer = nullptr;
    bool risky = false;   // its statement so far can fail or run code from elsewhere
    bool unread = false;  // and the expression that is being evaluated holds such code
  };

  using Evaluator::run;
  Flow run(const Stmt& statement) override {
    block_->risky = false;
    switch (statement.kind) {
      case StmtKind::kAssign: run_assign(statement); break;
      case StmtKind::kInPlace: run_in_place(statement); break;
      case StmtKind::kImport:
      case StmtKind::kFrom: block_->risky = true; [[fallthrough]];
      case StmtKind::kFunction:
      case StmtKind::kClass: Evaluator::run(statement); break;
      case StmtKind::kIf: run_if(statement); break;
      case StmtKind::kFor:
      case StmtKind::kWhile: run_loop(statement); break;
      case StmtKind::kTry: run_try(statement); break;
      case StmtKind::kWith:
        mention(statement.tokens);
        for (std::size_t i = 1; i < statement.values.size(); i += 2) {
          const Expr* const target = statement.values[i];
          if (target != nullptr) assign(*target, make_unknown("it is the target of a 'with'"));
        }
        // What follows something that fails may not run: a context manager can swallow exceptions
        // (contextlib.suppress).
        run_block(statement.body, Mode::kRuns, true);
        break;
      case StmtKind::kCase:
        // Any name of a pattern may be one that it captures; to doubt a class as well does no harm.
        for (const Token& token : statement.tokens) {
          if (token.is_name()) bind(token.text(), make_unknown("it is captured by a 'case'"));
        }
        [[fallthrough]];
      case StmtKind::kMatch:
        mention(statement.tokens);
        run_block(statement.body, Mode::kMaybe);
        break;
      case StmtKind::kDelete:
        for (const Expr* target : statement.values) assign(*target, nullptr);
        mention(statement.tokens);  // "del x[0]" changes x
        break;
      case StmtKind::kPass:
        if (!statement.values.empty()) mention(statement.tokens);
        break;
      case StmtKind::kGlobal: break;  // at module level it says nothing
      default: mention(statement.tokens); break;
    }
    if (!block_->risky) return Flow::kNext;
    // It may have failed, and an `except` or a context manager swallowed that.
    for (Block* block = block_; block->guarded; block = block->outer) {
      if (block->mode == Mode::kRuns) block->mode = Mode::kMaybe;
    }
    return Flow::kNext;
  }

  void run_block(const Body& body, Mode mode, bool guarded = false) {
    Block block{mode, body.place, guarded || block_->guarded, block_};
    // What stands in a doubtful block is doubtful itself; the outermost doubt explains it.
    if (block_->mode != Mode::kRuns) {
      block.mode = std::max(block_->mode, mode);
      block.header = block_->header;
    }
    const During inside(block_, &block);
    run(body);
  }

  void run_if(const Stmt& statement) {
    Mode mode = Mode::kRuns;
    for (const Stmt* one = &statement;; one = one->orelse.first) {
      const auto condition = truth_of(*evaluated(*one->values[0]));
      if (!condition) mode = Mode::kMaybe;
      if (condition.value_or(true)) run_block(one->body, mode);
      if (condition.value_or(false)) return;
      const bool elif = !one->orelse.empty() && one->orelse.place == nullptr;
      if (!elif) return run_block(one->orelse, mode);
    }
  }

  void run_loop(const Stmt& statement) {
    const bool is_while = statement.kind == StmtKind::kWhile;
    const bool runs = !is_while || truth_of(*evaluated(*statement.values[0])).value_or(true);
    if (runs) mention(is_while ? statement.tokens : statement.values[1]->tokens);
    if (!is_while) assign(*statement.values[0], make_unknown("it is the variable of a loop"));
    if (runs) run_block(statement.body, Mode::kLoops);
    // Where it never ran, its `else` does; to treat that as doubtful is on the safe side.
    run_block(statement.orelse, Mode::kMaybe);
  }

  void run_try(const Stmt& statement) {
    // It runs until something fails.
    run_block(statement.body, Mode::kRuns, true);
    for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next) {
      mention(one->tokens);
      if (!one->text.empty()) bind(one->text, make_unknown("it is the target of an 'except'"));
      run_block(one->body, Mode::kMaybe);
    }
    run_block(statement.orelse, Mode::kMaybe);
    run_block(statement.last, Mode::kRuns);
  }

  void run_assign(const Stmt& statement) {
    const Ref value = evaluated(*statement.values.back());
    for (const Expr* one : statement.values.first(statement.values.size() - 1)) assign(*one, value);
    if (!statement.tokens.empty()) mention(statement.tokens);
  }

  void run_in_place(const Stmt& statement) {
    const Ref before = evaluated(*statement.values[0]), added = evaluated(*statement.values[1]);
    const bool known = before->is(kText) && added->is(kText) && statement.text == "+" &&
                       affords(before->text.size() + added->text.size());
    mention(statement.tokens);
    const char* const why = "it is changed in place";
    assign(*statement.values[0], known ? make_text(before->text + added->text) : make_unknown(why));
  }

  void define(const Stmt& statement) override {
    static const Ref kSome[] = {make_unknown("it is a function"), make_unknown("it is a class")};
    const bool is_class = statement.kind == StmtKind::kClass;
    // Defaults, annotations and bases are evaluated here and now.
    if (is_class || statement.tokens.size() > 2) mention(statement.tokens);
    bind(statement.text, kSome[is_class]);
  }

  void put(std::string_view name, Slot made) override {
    Slot& slot = frame_->scope->names[name];
    const Ref& value = made.value;
    if (block_->mode != Mode::kRuns) {
      if (made.imports_as(slot) || (value && slot.value && interchangeable(*slot.value, *value))) {
        // The same in the other branch: one of the two runs.
        const std::string_view keyword = keyword_at(block_->header);
        if (slot.perhaps_absent == nullptr || (keyword != "else" && keyword != "except")) return;
      } else if (value && slot.place == nullptr &&
                 (value->is(kNone) || value->is(kText) || value->is_sequence())) {
        made.perhaps_absent = block_->header;
      } else {
        made.value = make_unknown(conditional(block_->header));
      }
    }
    slot = std::move(made);
  }

  void assign_inside(const Expr& target, const Ref& value) override {
    const Expr* const of = target.kind == ExprKind::kSubscript ? target.items[0] : &target;
    const Expr& callee = of->kind == ExprKind::kCall ? *of->items[0] : *of;
    if (of->kind != ExprKind::kCall || of->items.size() > 1 || callee.kind != ExprKind::kName ||
        !is_reflective(callee.text, false)) {
      // It is not a name of this module.
      mention(target.tokens);
      if (value) leak(*value);
      return;
    }
    // "globals()['revision'] = v" binds that name; with another key it may be any name.
    block_->risky = true;
    const Ref through = make_unknown(fmt::format("it is assigned through '{}' on line {}",
                                                 callee.text, syntax().line_of(callee.place)));
    const Ref key = evaluated(*target.items[1]);
    for (const std::string_view name : kAlembicNames) {
      if (!key->is(kText) || key->text == name)
        put(name, {.value = through, .place = callee.place});
    }
  }

  // Code that was not evaluated: what of it plainly changes names of this module.
  void mention(std::span<const Token> tokens) {
    block_->risky = true;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (!token.is_name()) continue;
      const std::string_view word = token.text();
      if (i + 1 < tokens.size() && tokens[i + 1].is(kWalrus)) {
        bind(word, make_unknown("it is assigned inside an expression"));
      }
      const bool attribute = i > 0 && tokens[i - 1].is('.');
      if (is_reflective(word, attribute)) doubt(std::string(word), token.begin);
      if (attribute) continue;
      const Slot* const slot = find(frame_->scope->names, word);
      if (slot != nullptr && slot->value) leak(*slot->value);
    }
  }

  void doubt(std::string what, const char* place) {
    if (frame_->scope->module != &*main_ || doubt_) return;
    doubt_ = ModuleVariables::Doubt{std::move(what), syntax().line_of(place)};
  }

  Ref evaluated(const Expr& expression) {
    block_->unread = false;
    Ref value;
    try {
      value = evaluate(expression);
    } catch (const OutOfSteps&) {
      value = make_unknown("it is too long");
    }
    if (block_->unread || value->is_unknown()) mention(expression.tokens);
    // It may depend on what another round assigned.
    const bool varies = block_->mode == Mode::kLoops && expression.kind != ExprKind::kString &&
                        expression.kind != ExprKind::kConstant &&
                        expression.kind != ExprKind::kNumber;
    return varies ? make_unknown(conditional(block_->header)) : value;
  }

  Ref unread(std::string why) {
    block_->unread = true;
    return make_unknown(std::move(why));
  }

  Ref other(const Expr& expression) override {
    if (asks_for_main(expression) && find(frame_->scope->names, "__name__") == nullptr) {
      return make_boolean(false);
    }
    return unread(reason(expression));
  }

  Ref undefined(std::string_view name) override {
    return unread(fmt::format("it uses the name '{}', which this file does not assign", name));
  }

  Ref attribute(const Ref& of, std::string_view name) override {
    if (of->is_unknown()) return of;
    if (!of->is(kModule) && !of->is(kSymbol)) return unread(kExpression);
    return imported(*main_, of->text, name);
  }

  Ref binary(std::string_view op, const Ref& left, const Ref& right) override {
    if (left->is_unknown()) return left;
    if (right->is_unknown()) return right;
    const Ref sum = Evaluator::binary(op, left, right);
    return sum ? sum : unread(kExpression);
  }

  Ref exported(TreeModule& module, std::string_view name) override {
    const auto from = [&](std::string_view what) {
      return make_unknown(
          fmt::format("it comes from the module '{}', which {}", module.name, what));
    };
    if (module.running) return from("imports it back");
    if (module.syntax.error()) return from("is not valid Python");
    Ref value = Evaluator::exported(module, name);
    if (!value) return value;
    if (value->is(kList) || value->is(kSet) || holds_sequence(*value))
      value = make_unknown(kShared);
    if (value->is_unknown() && value->detail.empty()) {
      value = std::make_shared<Object>(*value);
      value->detail = module.name;
      value->text += fmt::format(", in the module '{}'", module.name);
    }
    return value;
  }

  void unread_star(std::string_view module, const char* place) override {
    for (const std::string_view name : kAlembicNames) {
      if (find(frame_->scope->names, name) == nullptr || is_library(module)) continue;
      doubt(fmt::format("from {} import *", module), place);
    }
  }

  void run_module(TreeModule& module) override {
    Block block;
    const During inside(block_, &block);
    Evaluator::run_module(module);
  }

  Syntax& syntax() { return (frame_ != nullptr ? frame_->scope->module : &*main_)->syntax; }

  std::string conditional(const char* header) {
    return fmt::format("it is assigned under the '{}' of line {}, which may or may not run",
                       keyword_at(header), syntax().line_of(header));
  }

  // `required`: Alembic refuses a module without it, so that where it is absent nobody asks.
  ModuleValue value_named(std::string_view name, bool required) {
    using Kind = ModuleValue::Kind;
    ModuleValue result;
    Slot* const slot = find(main_->scope->names, name);
    const Ref value = slot != nullptr ? value_of(*main_->scope, *slot) : nullptr;
    if (!value) return result;
    const bool text = value->is(kText), none = value->is(kNone);
    result.line = syntax().line_of(slot->place);
    result.kind = none ? Kind::kNone : text ? Kind::kString : Kind::kStrings;
    // None is what Alembic takes for an absent one.
    if (!none && !required && slot->perhaps_absent != nullptr) {
      result.reason = conditional(slot->perhaps_absent);
    } else if (!none && !text && !value->is_sequence()) {
      result.reason = why_no_string(*value);
    }
    for (const Ref& one : text ? std::span(&value, 1) : std::span<const Ref>(value->items)) {
      if (one->is(kText)) {
        result.strings.push_back(one->text);
      } else if (result.reason.empty()) {
        result.reason = "of one of its elements " + why_no_string(*one);
      }
    }
    if (!result.reason.empty()) {
      result.kind = Kind::kUnknown;
      result.strings.clear();
    }
    const bool shown = result.kind == Kind::kString ? value->text.empty() : required || !none;
    if (shown) result.source_line = syntax().line_at(result.line);
    return result;
  }

  KeptModules modules_;
  std::optional<ModuleVariables::Doubt> doubt_;
  Block after_;
  Block* block_ = &after_;
};

}  // namespace

ModuleVariables read_module_variables(std::string_view source, const ModuleLoader& load_module) {
  return ModuleReader(load_module).read(source);
}

}  // namespace drift::migrations
