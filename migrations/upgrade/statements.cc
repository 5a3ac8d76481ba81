#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

Ref unsure(std::string_view name, bool foreign = false) {
  return make_unknown("`" + std::string(name) + "` depends on what only a run can tell", foreign);
}

// Whether calling it, or one of its attributes, may change the database.
bool may_act(const Slot& slot) {
  const Ref& value = slot.value;
  const std::string_view from = slot.module.empty() ? slot.import : slot.module;
  if (!value) return !from.empty() && (from.starts_with("alembic") || !is_library(from));
  return value->is(kFunction) || reaches_database(*value) ||
         (value->is_unknown() && value->foreign) ||
         (value->is(kSymbol) && !is_library(value->text));
}

}  // namespace

Interpreter::Flow Interpreter::run(const Stmt& statement) {
  step();
  const During deeper(depth_, depth_ + 1);
  constexpr int kMaxDepth = 400;
  if (depth_ > kMaxDepth) {
    opaque("statements nested too deeply");
    return Flow::kNext;
  }
  if (frame_->scope->module == &*main_) line_ = main_->syntax.line_of(statement.place);
  switch (statement.kind) {
    case StmtKind::kExpression: evaluate(*statement.values[0]); break;
    case StmtKind::kInPlace: {
      const Ref value = evaluate(*statement.values[1]), before = evaluate(*statement.values[0]);
      if (before->is(kList) && statement.text == "+") {
        extend(before, value);
      } else {
        assign(*statement.values[0], binary(statement.text, before, value));
      }
      break;
    }
    case StmtKind::kIf: return run_if(statement);
    case StmtKind::kFor:
    case StmtKind::kWhile: return run_loop(statement);
    case StmtKind::kTry: return run_try(statement);
    case StmtKind::kWith: return run_with(statement);
    case StmtKind::kReturn:
      frame_->returned.push_back(statement.values.empty() ? none()
                                                          : evaluate(*statement.values[0]));
      return Flow::kReturn;
    case StmtKind::kGlobal:
      for (const Expr* name : statement.values) frame_->scope->globals.push_back(name->text);
      break;
    case StmtKind::kDelete:
      for (const Expr* target : statement.values) assign(*target, nullptr);
      break;
    case StmtKind::kBreak: return Flow::kBreak;
    case StmtKind::kContinue: return Flow::kContinue;
    case StmtKind::kRaise: return Flow::kRaise;
    case StmtKind::kUnreadable: opaque(std::string(statement.text)); break;
    case StmtKind::kMatch:
    case StmtKind::kCase:
      leave(maybe(statement.body));
      forget(statement.body);
      break;
    default: return Evaluator::run(statement);
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::maybe(const Body& body) {
  ++doubts_;
  const Flow flow = run(body);
  --doubts_;
  return flow;
}

// A branch that may have run left a function, a loop or a round of it: what follows there is
// conditional. One that raised ends the whole migration, so that nothing follows it.
void Interpreter::leave(Flow flow) {
  if (flow == Flow::kNext || flow == Flow::kRaise) return;
  ++doubts_;
  if (flow == Flow::kBreak) ++frame_->breaks;
  if (flow == Flow::kContinue) ++frame_->continues;
}

void Interpreter::merge(const Names& other) {
  Names& names = frame_->scope->names;
  for (const Slot& slot : other) names[slot.name];
  for (Slot& slot : names) {
    const Slot* const found = other.find(slot.name);
    const bool agreed =
        found != nullptr &&
        (slot.imports_as(*found) || (slot.value && found->value && same(found->value, slot.value)));
    const bool acts = may_act(slot) || (found != nullptr && may_act(*found));
    if (!agreed) slot = {.name = slot.name, .value = unsure(slot.name, acts)};
  }
}

Interpreter::Flow Interpreter::run_if(const Stmt& statement) {
  const Ref condition = evaluate(*statement.values[0]);
  if (const auto truth = truth_of(*condition)) {
    return run(*truth ? statement.body : statement.orelse);
  }
  Names& names = frame_->scope->names;
  step(1 + names.size() / 8);
  const Names before = names;
  const Flow one = maybe(statement.body);
  Names after = std::exchange(names, before);
  const Flow other = maybe(statement.orelse);
  if (other != Flow::kNext) {
    names = std::move(after);
  } else if (one == Flow::kNext) {
    merge(after);
  }
  leave(one);
  leave(other);
  return std::min(one, other);
}

// One whose rounds cannot be counted is followed once, as something that may happen.
Interpreter::Flow Interpreter::run_loop(const Stmt& statement) {
  const bool is_for = statement.kind == StmtKind::kFor;
  std::optional<std::vector<Ref>> elements;
  if (is_for) elements = elements_of(evaluate(*statement.values[1]));
  const int breaks = std::exchange(frame_->breaks, 0);
  const int continues = std::exchange(frame_->continues, 0);
  const auto goes_on = [&](std::size_t round) -> std::optional<bool> {
    step();
    if (elements) return round < elements->size();
    // `while True` with a test for its end inside cannot be counted either.
    if (is_for || round > 1000) return std::nullopt;
    if (frame_->breaks == 0) return truth_of(*evaluate(*statement.values[0]));
    // It may go on; what the next rounds do, this one did.
    forget(statement.body);
    return false;
  };
  const auto follow = [&] {
    if (is_for) {
      assign(*statement.values[0], make_unknown("an element of what only a run can tell"));
    }
    return maybe(statement.body);
  };
  Flow flow = Flow::kNext;
  std::optional<bool> next = goes_on(0);
  // What ends `while True` stands in it.
  if (!next || (!is_for && statement.values[0]->kind == ExprKind::kConstant)) {
    // What one round leaves in lists and dicts, the next one finds there.
    forget(statement.body);
    const Names before = frame_->scope->names;
    const During same_frame(*frame_, Frame{*frame_});
    const During same_doubts(doubts_, int{doubts_});
    const During same_transaction(fresh_transaction_, bool{fresh_transaction_});
    const During silent(recording_, false);
    if (silent.before) follow();
    frame_->scope->names = before;
  }
  for (std::size_t round = 0; next.value_or(false); next = goes_on(++round)) {
    if (is_for) assign(*statement.values[0], (*elements)[round]);
    flow = run(statement.body);
    doubts_ -= std::exchange(frame_->continues, 0);
    if (flow > Flow::kContinue) break;
  }
  if (!next) {
    forget(statement.body);
    const Names before = frame_->scope->names;
    leave(follow());
    flow = Flow::kNext;
    merge(before);
  }
  const bool ends = next && frame_->breaks == 0;
  doubts_ -= std::exchange(frame_->breaks, breaks) + std::exchange(frame_->continues, continues);
  if (flow > Flow::kContinue) return flow == Flow::kBreak ? Flow::kNext : flow;
  if (ends) return run(statement.orelse);
  leave(maybe(statement.orelse));
  return Flow::kNext;
}

// What a `try` guards is taken to succeed; its handlers are what may happen instead.
Interpreter::Flow Interpreter::run_try(const Stmt& statement) {
  Flow flow = run(statement.body);
  const bool handled = flow == Flow::kRaise && !statement.handlers.empty();
  if (handled) flow = Flow::kNext;
  const Names after = frame_->scope->names;
  for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next) {
    const Flow left = maybe(one->body);
    if (flow == Flow::kNext) leave(left);
    if (!handled) frame_->scope->names = after;
  }
  if (flow == Flow::kNext && !handled) flow = run(statement.orelse);
  const Flow last = run(statement.last);
  return last != Flow::kNext ? last : flow;
}

Interpreter::Flow Interpreter::run_with(const Stmt& statement) {
  bool autocommit = false;
  for (std::size_t i = 0; i + 1 < statement.values.size(); i += 2) {
    Ref manager = evaluate(*statement.values[i]);
    if (manager->is(kHandle)) {
      autocommit = autocommit || manager->text == "autocommit";
    } else if (!manager->is(kBatch)) {
      manager = make_unknown("what `with` gives", manager->is_unknown() && manager->foreign);
    }
    if (const Expr* target = statement.values[i + 1]) assign(*target, manager);
  }
  if (!autocommit) return run(statement.body);
  const During inside(autocommit_, true);
  fresh_transaction_ = true;
  const Flow flow = run(statement.body);
  fresh_transaction_ = true;
  return flow;
}

void Interpreter::define(const Stmt& statement) {
  const std::shared_ptr<Scope> outer = frame_->scope;
  // Of what upgrade() runs nothing outlives the migration.
  auto& kept = (recording_ ? *main_ : *outer->module).scopes;
  const bool is_function = statement.kind == StmtKind::kFunction;
  const Ref made = make_object(is_function ? kFunction : kClass, std::string(statement.text));
  if (is_function) {
    made->statement = &statement;
    made->scope = outer;
    if (outer != outer->module->scope) kept.push_back(outer);
    return bind(statement.text, made);
  }
  for (const Expr* base : statement.values) made->items.push_back(evaluate(*base));
  made->scope =
      std::make_shared<Scope>(Scope{.outer = outer, .module = outer->module, .is_class = true});
  const Syntax::Block& block = outer->module->syntax.block_of(statement);
  frame_->scope = made->scope;
  run(block.body);
  frame_->scope = outer;
  if (!block.sound) made->kind = kUnknown;
  // Of a type of the project's own: the type that it is made of. Of a model: its table.
  for (const char* name : {"impl", "__tablename__"}) {
    if (const Ref value = value_of(*made->scope, name)) made->named.emplace_back(name, value);
  }
  kept.push_back(made->scope);
  bind(statement.text, made);
}

// After a body that may have run any number of times its names can stand for anything.
void Interpreter::forget(const Body& body) {
  for (const Stmt* one = body.first; one != nullptr; one = one->next) {
    step();
    const bool with = one->kind == StmtKind::kWith;
    const bool binds = one->kind == StmtKind::kAssign || one->kind == StmtKind::kInPlace ||
                       one->kind == StmtKind::kFor || with;
    // Targets are all values but the last; of `with` every second.
    const std::size_t end = with ? one->values.size() : one->values.size() - 1;
    for (std::size_t i = with ? 1 : 0; binds && i < end; i += with ? 2 : 1) {
      if (one->values[i] != nullptr) assign(*one->values[i], nullptr);
    }
    for (const Body* inner : {&one->body, &one->orelse, &one->handlers, &one->last}) forget(*inner);
  }
}

void Interpreter::assign_inside(const Expr& target, const Ref& value) {
  const bool subscript = target.kind == ExprKind::kSubscript;
  if (!value || (!subscript && target.kind != ExprKind::kAttribute)) return;
  const Ref of = evaluate(*target.items[0]);
  if (subscript) {
    const Ref key = evaluate(*target.items[1]);
    if (!changes(of)) return;
    spend(64);
    if (of->is(kDict)) return set_item(*of, key, value);
    forget(of, "something that was assigned to");
  } else if (of->is(kClass)) {
    of->scope->names[of->scope->module->syntax.keep(target.text)].value = value;
  } else if (of->is(kConstruct) && changes(of)) {
    of->named.emplace_back(target.text, value);
  }
}

void Interpreter::bind(Slot made) {
  spend(64);
  Scope& scope = *frame_->scope;
  const bool global =
      std::find(scope.globals.begin(), scope.globals.end(), made.name) != scope.globals.end();
  Names& names = global ? scope.module->scope->names : scope.names;
  const bool deleted = !made.value && made.import.empty();
  if (deleted || (global && doubts_ > 0)) made = {.name = made.name, .value = unsure(made.name)};
  names[made.name] = std::move(made);
}

}  // namespace drift::migrations
