#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

bool same(const Ref& a, const Ref& b) {
  return a == b || (a && b && equal(*a, *b).value_or(false));
}

}  // namespace

Interpreter::Flow Interpreter::run(const Stmt& statement) {
  step();
  constexpr int kMaxDepth = 400;
  if (depth_ > kMaxDepth) {
    opaque("statements nested too deeply");
    return Flow::kNext;
  }
  ++depth_;
  struct Leave {
    int& depth;
    ~Leave() { --depth; }
  } const leave_depth{depth_};
  if (frame_->scope->module == &*main_) line_ = main_->syntax.line_of(statement.place);
  switch (statement.kind) {
    case StmtKind::kExpression: evaluate(*statement.values[0]); break;
    case StmtKind::kInPlace: in_place(statement); break;
    case StmtKind::kIf: return run_if(statement);
    case StmtKind::kFor: return run_for(statement);
    case StmtKind::kWhile: return run_while(statement);
    case StmtKind::kTry: return run_try(statement);
    case StmtKind::kWith: return run_with(statement);
    case StmtKind::kReturn:
      frame_->returned.push_back(statement.values.empty() ? none()
                                                          : evaluate(*statement.values[0]));
      return Flow::kReturn;
    case StmtKind::kGlobal: {
      auto& globals = frame_->scope->globals;
      for (const Expr* name : statement.values) globals.push_back(name->text);
      break;
    }
    case StmtKind::kDelete:
      for (const Expr* target : statement.values) forget(*target);
      break;
    case StmtKind::kBreak: return Flow::kBreak;
    case StmtKind::kContinue: return Flow::kContinue;
    case StmtKind::kRaise: return Flow::kRaise;
    case StmtKind::kUnreadable: opaque(std::string(statement.text)); break;
    case StmtKind::kType: opaque("a statement"); break;
    case StmtKind::kMatch:
    case StmtKind::kCase: {
      const Flow flow = maybe(statement.body);
      forget(statement.body);
      leave(flow);
      break;
    }
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

// A branch that may have run left a function, a loop or an iteration: what follows there is
// conditional. One that raised ends the whole migration, so that nothing follows it.
void Interpreter::leave(Flow flow) {
  Exit* exit = flow == Flow::kReturn     ? &frame_->function
               : flow == Flow::kBreak    ? frame_->loop
               : flow == Flow::kContinue ? frame_->iteration
                                         : nullptr;
  if (exit == nullptr) return;
  ++exit->left;
  ++doubts_;
}

Ref Interpreter::unsure(std::string_view name) {
  return make_unknown("`" + std::string(name) + "` depends on what only a run can tell");
}

void Interpreter::merge(const Names& other) {
  Names& names = frame_->scope->names;
  for (Slot& slot : names) {
    const Slot* const found = other.find(slot.name);
    if (found == nullptr || !same(found->value, slot.value)) slot.value = unsure(slot.name);
  }
  for (const Slot& slot : other) {
    if (names.find(slot.name) == nullptr) names[slot.name].value = unsure(slot.name);
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
  Names after = std::exchange(frame_->scope->names, before);
  const Flow other = maybe(statement.orelse);
  if (one == other) {
    if (one == Flow::kNext) merge(after);
    return one;
  }
  if (other == Flow::kNext) {
    leave(one);
    return Flow::kNext;
  }
  if (one == Flow::kNext) {
    frame_->scope->names = std::move(after);
    leave(other);
    return Flow::kNext;
  }
  leave(one);
  return other == Flow::kRaise ? one : other;
}

Interpreter::Flow Interpreter::run_for(const Stmt& statement) {
  const Ref iterable = evaluate(*statement.values[1]);
  const auto elements = elements_of(iterable);
  if (!elements) return run_once(statement, make_unknown("an element of what only a run can tell"));
  Exit loop;
  Exit* const outer_loop = std::exchange(frame_->loop, &loop);
  Exit* const outer_iteration = frame_->iteration;
  Flow flow = Flow::kNext;
  for (const Ref& element : *elements) {
    step();
    Exit iteration;
    frame_->iteration = &iteration;
    assign(*statement.values[0], element);
    flow = run(statement.body);
    doubts_ -= iteration.left;
    if (flow == Flow::kBreak || flow == Flow::kReturn || flow == Flow::kRaise) break;
  }
  frame_->loop = outer_loop;
  frame_->iteration = outer_iteration;
  doubts_ -= loop.left;
  if (flow == Flow::kBreak) return Flow::kNext;
  if (flow == Flow::kReturn || flow == Flow::kRaise) return flow;
  return loop.left > 0 ? maybe(statement.orelse) : run(statement.orelse);
}

// A loop whose rounds cannot be counted: its body, once, as something that may happen.
Interpreter::Flow Interpreter::run_once(const Stmt& statement, const Ref& value) {
  forget(statement.body);
  const Names before = frame_->scope->names;
  if (value) assign(*statement.values[0], value);
  Exit loop, iteration;
  Exit* const outer_loop = std::exchange(frame_->loop, &loop);
  Exit* const outer_iteration = std::exchange(frame_->iteration, &iteration);
  const Flow flow = maybe(statement.body);
  doubts_ -= loop.left + iteration.left;
  frame_->loop = outer_loop;
  frame_->iteration = outer_iteration;
  merge(before);
  if (flow == Flow::kReturn) leave(flow);
  const Flow last = maybe(statement.orelse);
  if (last == Flow::kReturn) leave(last);
  return Flow::kNext;
}

Interpreter::Flow Interpreter::run_while(const Stmt& statement) {
  const std::size_t calls = reading_.calls.size();
  for (int round = 0;; ++round) {
    step();
    const Ref condition = evaluate(*statement.values[0]);
    const auto truth = truth_of(*condition);
    if (truth && !*truth) return run(statement.orelse);
    // `while True` with a test for its end inside is a loop whose rounds cannot be counted.
    if (!truth || round > 1000 || (round > 0 && reading_.calls.size() > calls + 1000)) {
      return run_once(statement, nullptr);
    }
    Exit loop, iteration;
    Exit* const outer_loop = std::exchange(frame_->loop, &loop);
    Exit* const outer_iteration = std::exchange(frame_->iteration, &iteration);
    const Flow flow = run(statement.body);
    frame_->loop = outer_loop;
    frame_->iteration = outer_iteration;
    doubts_ -= loop.left + iteration.left;
    if (flow == Flow::kBreak) return Flow::kNext;
    if (flow == Flow::kReturn || flow == Flow::kRaise) return flow;
    if (loop.left > 0) {
      // It may go on; what the next rounds do, this one did.
      forget(statement.body);
      return Flow::kNext;
    }
  }
}

// What a `try` guards is taken to succeed; its handlers are what may happen instead.
Interpreter::Flow Interpreter::run_try(const Stmt& statement) {
  Flow flow = run(statement.body);
  if (flow == Flow::kRaise && !statement.handlers.empty()) {
    flow = Flow::kNext;
    for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next) {
      leave(maybe(one->body));
    }
  } else {
    const Names after = frame_->scope->names;
    for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next) {
      const Flow handled = maybe(one->body);
      frame_->scope->names = after;
      if (flow == Flow::kNext) leave(handled);
    }
    if (flow == Flow::kNext) flow = run(statement.orelse);
  }
  const Flow last = run(statement.last);
  return last != Flow::kNext ? last : flow;
}

Interpreter::Flow Interpreter::run_with(const Stmt& statement) {
  int blocks = 0;
  for (std::size_t i = 0; i + 1 < statement.values.size(); i += 2) {
    Ref manager = evaluate(*statement.values[i]);
    if (manager->is(ObjectKind::kHandle) && manager->text == "autocommit") {
      ++blocks;
    } else if (!manager->is(ObjectKind::kBatch) && !manager->is(ObjectKind::kHandle)) {
      manager = make_unknown("what `with` gives", manager->is_unknown() && manager->foreign);
    }
    if (const Expr* target = statement.values[i + 1]) assign(*target, manager);
  }
  if (blocks == 0) return run(statement.body);
  ++autocommit_;
  fresh_transaction_ = true;
  const Flow flow = run(statement.body);
  --autocommit_;
  fresh_transaction_ = true;
  return flow;
}

void Interpreter::define(const Stmt& statement) {
  if (statement.kind == StmtKind::kFunction) {
    if (frame_->scope != frame_->scope->module->scope) scopes_.push_back(frame_->scope);
    return bind(statement.text, function(statement));
  }
  const Ref made = make_object(ObjectKind::kClass, std::string(statement.text));
  for (const Expr* base : statement.values) made->items.push_back(evaluate(*base));
  made->scope = std::make_shared<Scope>();
  made->scope->outer = frame_->scope;
  made->scope->module = frame_->scope->module;
  made->scope->is_class = true;
  const std::shared_ptr<Scope> outer = std::exchange(frame_->scope, made->scope);
  const Syntax::Block& block = made->scope->module->syntax.block_of(statement);
  run(block.body);
  frame_->scope = outer;
  if (!block.sound) made->kind = ObjectKind::kUnknown;
  // Of a type of the project's own: the type that it is made of. Of a model: its table.
  for (const char* name : {"impl", "__tablename__"}) {
    if (const Slot* found = made->scope->names.find(name)) {
      made->named.emplace_back(name, resolved(found->value));
    }
  }
  scopes_.push_back(made->scope);
  bind(statement.text, made);
}

// After a body that may have run any number of times its names can stand for anything.
void Interpreter::forget(const Body& body) {
  for (const Stmt* one = body.first; one != nullptr; one = one->next) {
    step();
    const std::size_t targets = one->kind == StmtKind::kAssign ? one->values.size() - 1
                                : one->kind == StmtKind::kInPlace || one->kind == StmtKind::kFor
                                    ? 1
                                    : 0;
    for (const Expr* target : one->values.first(targets)) forget(*target);
    for (std::size_t i = 1; one->kind == StmtKind::kWith && i < one->values.size(); i += 2) {
      if (one->values[i] != nullptr) forget(*one->values[i]);
    }
    for (const Body* inner : {&one->body, &one->orelse, &one->handlers, &one->last}) forget(*inner);
  }
}

void Interpreter::forget(const Expr& target) {
  if (target.kind == ExprKind::kName) {
    bind(target.text, unsure(target.text));
  }
  for (const Expr* item : target.items) {
    const bool list = target.kind == ExprKind::kTuple || target.kind == ExprKind::kList ||
                      target.kind == ExprKind::kStarred;
    if (item != nullptr && list) forget(*item);
  }
}

Ref Interpreter::unknown_part(const Ref& value) {
  return make_unknown("a part of what cannot be taken apart",
                      value->is_unknown() && value->foreign);
}

void Interpreter::assign_inside(const Expr& target, const Ref& value) {
  switch (target.kind) {
    case ExprKind::kSubscript: {
      const Ref of = evaluate(*target.items[0]);
      const Ref key = evaluate(*target.items[1]);
      if (!changes(of)) return;
      if (of->is(ObjectKind::kDict)) {
        for (std::size_t i = 0; i + 1 < of->items.size(); i += 2) {
          if (same(of->items[i], key)) {
            of->items[i + 1] = value;
            return;
          }
        }
        spend(64);
        of->items.push_back(key);
        of->items.push_back(value);
        return;
      }
      const auto size = static_cast<std::int64_t>(of->items.size());
      if (of->is(ObjectKind::kList) && key->is(ObjectKind::kInteger) && key->number >= -size &&
          key->number < size) {
        of->items[static_cast<std::size_t>(key->number < 0 ? key->number + size : key->number)] =
            value;
        return;
      }
      of->kind = ObjectKind::kUnknown;
      of->text = "something that was assigned to";
      return;
    }
    case ExprKind::kAttribute: {
      const Ref of = evaluate(*target.items[0]);
      if (of->is(ObjectKind::kClass) && of->scope) {
        of->scope->names[of->scope->module->syntax.keep(target.text)].value = value;
      } else if (of->is(ObjectKind::kConstruct) && changes(of)) {
        of->named.emplace_back(target.text, value);
      }
      return;
    }
    default: return;
  }
}

void Interpreter::bind(std::string_view name, const Ref& value, const char*) {
  spend(64);
  Scope& scope = *frame_->scope;
  const bool global =
      std::find(scope.globals.begin(), scope.globals.end(), name) != scope.globals.end();
  Names& names = global ? scope.module->scope->names : scope.names;
  names[name].value = global && doubts_ > 0 ? unsure(name) : value;
}

void Interpreter::in_place(const Stmt& statement) {
  const Expr& target = *statement.values[0];
  const Ref value = evaluate(*statement.values[1]);
  const Ref before = evaluate(target);
  if (before->is(ObjectKind::kList) && statement.text == "+") {
    if (!changes(before)) return;
    const auto more = elements_of(value);
    if (!more) {
      before->kind = ObjectKind::kUnknown;
      before->text = "a list that grew";
      return;
    }
    spend(more->size() * 16);
    before->items.insert(before->items.end(), more->begin(), more->end());
    return;
  }
  assign(target, binary(statement.text, before, value));
}

}  // namespace drift::migrations
