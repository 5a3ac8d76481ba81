#include "migrations/python/module_reader.h"

#include <algorithm>
#include <utility>

namespace drift::migrations {
namespace {

// Leads to the names of this module by other means than an assignment.
bool is_reflective(std::string_view word, bool attribute) {
  if (attribute) return word == "modules";
  return word == "globals" || word == "locals" || word == "vars" || word == "exec" ||
         word == "execfile";
}

// Something unseen got hold of it and may have changed it.
void leak(Object& object) {
  if (!object.is_sequence() || object.foreign) return;
  object.foreign = true;
  for (const Ref& item : object.items) leak(*item);
  if (object.is(ObjectKind::kTuple)) return;
  object.kind = ObjectKind::kUnknown;
  object.text = kShared;
}

}  // namespace

bool interchangeable(const Ref& a, const Ref& b) {
  if (a->kind != b->kind || a->is_unknown()) return false;
  switch (a->kind) {
    case ObjectKind::kNone:
    case ObjectKind::kBoolean:
    case ObjectKind::kText: return a->number == b->number && a->text == b->text;
    case ObjectKind::kModule:
    case ObjectKind::kImport: return a->text == b->text && a->detail == b->detail;
    case ObjectKind::kTuple:
      return std::equal(
          a->items.begin(), a->items.end(), b->items.begin(), b->items.end(),
          [](const Ref& x, const Ref& y) { return !x->is_sequence() && interchangeable(x, y); });
    default: return a == b;
  }
}

Evaluator::Flow ModuleReader::run(const Stmt& statement) {
  const bool first = std::exchange(first_, false);
  switch (statement.kind) {
    case StmtKind::kIf: run_if(statement); break;
    case StmtKind::kFor:
    case StmtKind::kWhile: run_loop(statement); break;
    case StmtKind::kTry: run_try(statement); break;
    case StmtKind::kWith:
      mention(statement.tokens);
      for (std::size_t i = 1; i < statement.values.size(); i += 2) {
        if (const Expr* target = statement.values[i]) {
          assign(*target, make_unknown("it is the target of a 'with'"));
        }
      }
      // The body runs, but what follows something that fails may not: a context manager can swallow
      // exceptions (contextlib.suppress). run_simple() watches for that.
      run_block(statement.body, Mode::kRuns, true);
      break;
    case StmtKind::kMatch:
      mention(statement.tokens);
      run_block(statement.body, Mode::kMaybe);
      break;
    case StmtKind::kCase: {
      mention(statement.tokens);
      // Any name of a pattern may be one that it captures; to doubt a class name as well does no
      // harm.
      const Token* before = nullptr;
      for (const Token& token : statement.tokens) {
        if (token.is_name() && (before == nullptr || !before->is('.'))) {
          bind(token.text(), make_unknown("it is captured by a 'case'"), token.begin);
        }
        before = &token;
      }
      run_block(statement.body, Mode::kMaybe);
      break;
    }
    case StmtKind::kFunction:
    case StmtKind::kClass: define(statement); break;
    case StmtKind::kDecorator: mention(statement.tokens); break;
    default: run_simple(statement, first); break;
  }
  return Flow::kNext;
}

void ModuleReader::run_block(const Body& body, Mode mode, bool guarded) {
  Block block{mode, body.place, guarded || block_->guarded, block_};
  // What stands in a doubtful block is doubtful itself; the outermost doubt explains it.
  if (block_->mode != Mode::kRuns) {
    block.mode = std::max(block_->mode, mode);
    block.header = block_->header;
  }
  block_ = &block;
  Evaluator::run(body);
  block_ = block.outer;
}

void ModuleReader::run_if(const Stmt& statement) {
  bool unsure = false;
  for (const Stmt* one = &statement;;) {
    const auto condition = truth(*one->values[0]);
    if (condition.value_or(false)) {
      return run_block(one->body, unsure ? Mode::kMaybe : Mode::kRuns);
    }
    if (!condition) {
      unsure = true;
      run_block(one->body, Mode::kMaybe);
    }
    const bool elif = !one->orelse.empty() && one->orelse.place == nullptr;
    if (!elif) return run_block(one->orelse, unsure ? Mode::kMaybe : Mode::kRuns);
    one = one->orelse.first;
  }
}

void ModuleReader::run_loop(const Stmt& statement) {
  bool runs = true;
  if (statement.kind == StmtKind::kWhile) {
    runs = truth(*statement.values[0]).value_or(true);
    if (runs) mention(statement.tokens);
  } else {
    mention(statement.values[1]->tokens);
    assign(*statement.values[0], make_unknown("it is the variable of a loop"));
  }
  if (runs) run_block(statement.body, Mode::kLoops);
  // Where it never ran, its `else` does; to treat that as doubtful is on the safe side.
  run_block(statement.orelse, Mode::kMaybe);
}

void ModuleReader::run_try(const Stmt& statement) {
  // It runs until something fails; run_simple() watches for what can.
  run_block(statement.body, Mode::kRuns, true);
  for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next) {
    mention(one->tokens);
    if (!one->text.empty()) {
      bind(one->text, make_unknown("it is the target of an 'except'"), one->text.data());
    }
    run_block(one->body, Mode::kMaybe);
  }
  run_block(statement.orelse, Mode::kMaybe);
  run_block(statement.last, Mode::kRuns);
}

void ModuleReader::run_simple(const Stmt& statement, bool first) {
  pure_ = true;
  switch (statement.kind) {
    case StmtKind::kAssign: run_assign(statement); break;
    case StmtKind::kInPlace: run_in_place(statement); break;
    case StmtKind::kExpression:
      // A docstring may be split and stand in parentheses, but be neither bytes nor an f-string.
      if (first && statement.values[0]->kind == ExprKind::kString &&
          !statement.tokens[0].prefix.formatted) {
        variables_.docstring = statement.values[0]->value;
      } else {
        mention(statement.tokens);
      }
      break;
    case StmtKind::kImport:
    case StmtKind::kFrom:
      pure_ = false;
      Evaluator::run(statement);
      break;
    case StmtKind::kDelete:
      for (const Expr* target : statement.values) forget(*target);
      // "del x[0]" changes x.
      mention(statement.tokens);
      break;
    case StmtKind::kPass:
      // An annotation alone binds nothing.
      if (statement.values.empty()) break;
      if (statement.values[0]->kind != ExprKind::kName) mention(statement.values[0]->tokens);
      mention(statement.tokens);
      break;
    case StmtKind::kType:
      mention(statement.tokens);
      bind(statement.text, make_unknown("it is a type alias"), statement.text.data());
      break;
    case StmtKind::kGlobal: break;  // at module level it says nothing
    default: mention(statement.tokens); break;
  }
  if (pure_) return;
  // It may have failed, and an `except` or a context manager swallowed that.
  for (Block* block = block_; block->guarded; block = block->outer) {
    if (block->mode == Mode::kRuns) block->mode = Mode::kMaybe;
  }
}

void ModuleReader::run_assign(const Stmt& statement) {
  const Expr& target = *statement.values[0];
  const Expr& right = *statement.values.back();
  const bool literal =
      right.kind == ExprKind::kString || (right.kind == ExprKind::kConstant && right.text != "...");
  if (literal && statement.values.size() == 2 && target.kind == ExprKind::kName) {
    used_names_ = false;
    Slot slot;
    slot.name = target.text;
    slot.literal = &right;
    slot.place = target.place;
    bind(std::move(slot));
  } else {
    const Ref value = evaluated(right);
    const bool used_names = used_names_;
    for (const Expr* one : statement.values.first(statement.values.size() - 1)) {
      used_names_ = used_names;
      assign(*one, value);
    }
  }
  used_names_ = false;
  if (!statement.tokens.empty()) mention(statement.tokens);
}

void ModuleReader::run_in_place(const Stmt& statement) {
  pure_ = false;
  const Expr& target = *statement.values[0];
  Ref result = make_unknown("it is changed in place");
  if (target.kind != ExprKind::kName) {
    mention(statement.values[1]->tokens);
    return assign(target, result);
  }
  Slot* const slot = frame_->scope->names.find(target.text);
  const Ref left = slot != nullptr && slot->is_bound() ? name(target.text) : nullptr;
  const Ref added = evaluated(*statement.values[1]);
  if (left && left->is_unknown()) {
    result = left;
  } else if (left && statement.text == "+" && left->is(ObjectKind::kText) &&
             added->is(ObjectKind::kText) && affords(left->text.size() + added->text.size())) {
    result = make_text(left->text + added->text);
  }
  if (left) leak(*left);
  // It depends on what the name held before, which a loop changes.
  used_names_ = true;
  bind(target.text, result, target.place);
  used_names_ = false;
}

// Defaults, annotations and bases are evaluated here and now.
void ModuleReader::define(const Stmt& statement) {
  if (statement.kind == StmtKind::kClass || statement.tokens.size() > 2) mention(statement.tokens);
  Slot slot;
  slot.name = statement.text;
  slot.statement = &statement;
  slot.place = statement.text.data();
  bind(std::move(slot));
}

void ModuleReader::bind_import(const Stmt& statement, const Import& import) {
  Slot slot;
  slot.name = import.as;
  slot.statement = &statement;
  slot.import = &import;
  slot.place = import.as.data();
  bind(std::move(slot));
}

void ModuleReader::bind(std::string_view name, const Ref& value, const char* place) {
  Slot slot;
  slot.name = name;
  slot.value = value;
  slot.place = place;
  bind(std::move(slot));
}

void ModuleReader::bind(Slot made) {
  Scope& scope = *frame_->scope;
  if (block_->mode != Mode::kRuns) {
    Slot* const before = scope.names.find(made.name);
    const Ref value = made.is_bound() ? value_of(scope, made) : nullptr;
    const bool varies = block_->mode == Mode::kLoops && used_names_;
    if (!varies && value && before != nullptr && before->is_bound() &&
        interchangeable(value_of(scope, *before), value)) {
      // The same in the other branch: one of the two runs.
      const std::string_view keyword = keyword_at(block_->header);
      if (before->perhaps_absent == nullptr || (keyword != "else" && keyword != "except")) return;
    } else if (!varies && value && before == nullptr &&
               (value->is(ObjectKind::kNone) || value->is(ObjectKind::kText) ||
                value->is_sequence())) {
      made.perhaps_absent = block_->header;
    } else {
      made.value = make_unknown(conditional(block_->header));
    }
  }
  leakable_ = leakable_ || (made.value && made.value->is_sequence());
  scope.names[made.name] = std::move(made);
}

std::optional<std::vector<Ref>> ModuleReader::parts_of(const Ref& value) {
  pure_ = false;
  if (!value->is(ObjectKind::kTuple) && !value->is(ObjectKind::kList)) return std::nullopt;
  return value->items;
}

Ref ModuleReader::unknown_part(const Ref&) {
  return make_unknown("it is unpacked from something of unknown length");
}

// It is not a name of this module.
void ModuleReader::assign_inside(const Expr& target, const Ref& value) {
  if (assigned_through_globals(target)) return;
  mention(target.tokens);
  leak(*value);
}

// "globals()['revision'] = v" binds that name; with another key it may be any name.
bool ModuleReader::assigned_through_globals(const Expr& target) {
  if (target.kind != ExprKind::kSubscript || target.items[0]->kind != ExprKind::kCall) return false;
  const Expr& callee = *target.items[0]->items[0];
  if (callee.kind != ExprKind::kName || !is_reflective(callee.text, false) ||
      target.items[0]->items.size() > 1) {
    return false;
  }
  pure_ = false;
  const Ref unknown = make_unknown("it is assigned through '" + std::string(callee.text) +
                                   "' on line " + std::to_string(syntax().line_of(callee.place)));
  const Ref key = evaluated(*target.items[1]);
  if (key->is(ObjectKind::kText) && !key->text.empty()) {
    bind(syntax().keep(key->text), unknown, callee.place);
  } else {
    for (const std::string_view name : kAlembicNames) bind(name, unknown, callee.place);
  }
  return true;
}

void ModuleReader::forget(const Expr& target) {
  if (target.kind == ExprKind::kName) bind(target.text, nullptr, target.place);
  if (target.kind != ExprKind::kTuple && target.kind != ExprKind::kList) return;
  for (const Expr* item : target.items) forget(*item);
}

// Code that was not evaluated: what of it plainly changes names of this module.
void ModuleReader::mention(std::span<const Token> tokens) {
  pure_ = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (!token.is_name()) continue;
    const std::string_view word = token.text();
    if (i + 1 < tokens.size() && tokens[i + 1].is(kWalrus)) {
      bind(word, make_unknown("it is assigned inside an expression"), token.begin);
    }
    const bool attribute = i > 0 && tokens[i - 1].is('.');
    if (is_reflective(word, attribute)) doubt(std::string(word), token.begin);
    if (attribute || !leakable_) continue;
    const Slot* const slot = frame_->scope->names.find(word);
    if (slot != nullptr && slot->value) leak(*slot->value);
  }
}

void ModuleReader::doubt(std::string what, const char* place) {
  if (frame_->scope->module != &*main_ || variables_.doubt) return;
  variables_.doubt = ModuleVariables::Doubt{std::move(what), syntax().line_of(place)};
}

}  // namespace drift::migrations
