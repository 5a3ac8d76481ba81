#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

bool same(const Ref& a, const Ref& b) {
  return a == b || (a && b && equal(*a, *b).value_or(false));
}

}  // namespace

void Interpreter::step(std::size_t steps) {
  steps_ += steps;
  if (steps_ > UpgradeReader::kMostSteps) throw OutOfSteps{};
}

void Interpreter::spend(std::size_t bytes) {
  constexpr std::size_t kMostBytes = 16u << 20;
  bytes_ += bytes;
  if (bytes_ > kMostBytes) throw OutOfSteps{};
}

Interpreter::Flow Interpreter::run(const Body& body) {
  for (const Stmt* statement : body) {
    const Flow flow = run(*statement);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

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
  if (frame_->scope->module == &main_) line_ = statement.line;
  switch (statement.kind) {
    case StmtKind::kExpression: evaluate(*statement.values[0]); break;
    case StmtKind::kAssign: {
      const Ref value = evaluate(*statement.values.back());
      for (std::size_t i = 0; i + 1 < statement.values.size(); ++i) {
        assign(*statement.values[i], value);
      }
      break;
    }
    case StmtKind::kInPlace: in_place(statement); break;
    case StmtKind::kIf: return run_if(statement);
    case StmtKind::kFor: return run_for(statement);
    case StmtKind::kWhile: return run_while(statement);
    case StmtKind::kTry: return run_try(statement);
    case StmtKind::kWith: return run_with(statement);
    case StmtKind::kFunction: {
      const Ref function = make_object(ObjectKind::kFunction, std::string(statement.text));
      function->statement = &statement;
      function->scope = frame_->scope;
      if (frame_->scope != frame_->scope->module->scope) scopes_.push_back(frame_->scope);
      bind(statement.text, function);
      break;
    }
    case StmtKind::kClass: define_class(statement); break;
    case StmtKind::kReturn:
      frame_->returned.push_back(statement.values.empty() ? none()
                                                          : evaluate(*statement.values[0]));
      return Flow::kReturn;
    case StmtKind::kImport:
    case StmtKind::kFrom: import(statement); break;
    case StmtKind::kGlobal:
      for (const std::string_view name : statement.names) {
        frame_->scope->globals.emplace(name);
      }
      break;
    case StmtKind::kDelete:
      for (const Expr* target : statement.values) forget(*target);
      break;
    case StmtKind::kPass:
    case StmtKind::kAssert: break;
    case StmtKind::kBreak: return Flow::kBreak;
    case StmtKind::kContinue: return Flow::kContinue;
    case StmtKind::kRaise: return Flow::kRaise;
    case StmtKind::kUnreadable: {
      if (statement.body.empty()) opaque(std::string(statement.text));
      const Flow flow = maybe(statement.body);
      forget(statement.body);
      leave(flow);
      break;
    }
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

void Interpreter::merge(const Names& other) {
  Names& names = frame_->scope->names;
  for (auto& [name, value] : names) {
    const auto found = other.find(name);
    if (found == other.end() || !same(found->second, value)) {
      value = make_unknown("`" + name + "` depends on what only a run can tell");
    }
  }
  for (const auto& [name, value] : other) {
    if (names.find(name) == names.end()) {
      names.emplace(name, make_unknown("`" + name + "` depends on what only a run can tell"));
    }
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
    for (const Body& handler : statement.handlers) leave(maybe(handler));
  } else {
    const Names after = frame_->scope->names;
    for (const Body& handler : statement.handlers) {
      const Flow handled = maybe(handler);
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

void Interpreter::define_class(const Stmt& statement) {
  const Ref made = make_object(ObjectKind::kClass, std::string(statement.text));
  for (const Expr* base : statement.values) made->items.push_back(evaluate(*base));
  made->scope = std::make_shared<Scope>();
  made->scope->outer = frame_->scope;
  made->scope->module = frame_->scope->module;
  made->scope->is_class = true;
  const std::shared_ptr<Scope> outer = std::exchange(frame_->scope, made->scope);
  run(statement.body);
  frame_->scope = outer;
  // Of a type of the project's own: the type that it is made of. Of a model: its table.
  for (const char* name : {"impl", "__tablename__"}) {
    const auto found = made->scope->names.find(name);
    if (found != made->scope->names.end()) {
      made->named.emplace_back(name, resolved(found->second));
    }
  }
  scopes_.push_back(made->scope);
  bind(statement.text, made);
}

// After a body that may have run any number of times its names can stand for anything.
void Interpreter::forget(const Body& body) {
  for (const Stmt* statement : body) {
    step();
    switch (statement->kind) {
      case StmtKind::kAssign:
        for (std::size_t i = 0; i + 1 < statement->values.size(); ++i)
          forget(*statement->values[i]);
        break;
      case StmtKind::kInPlace:
      case StmtKind::kFor: forget(*statement->values[0]); break;
      case StmtKind::kWith:
        for (std::size_t i = 1; i < statement->values.size(); i += 2) {
          if (statement->values[i] != nullptr) forget(*statement->values[i]);
        }
        break;
      default: break;
    }
    forget(statement->body);
    forget(statement->orelse);
    forget(statement->last);
    for (const Body& handler : statement->handlers) forget(handler);
  }
}

void Interpreter::forget(const Expr& target) {
  if (target.kind == ExprKind::kName) {
    bind(target.text,
         make_unknown("`" + std::string(target.text) + "` depends on what only a run can tell"));
  }
  for (const Expr* item : target.items) {
    const bool list = target.kind == ExprKind::kTuple || target.kind == ExprKind::kList ||
                      target.kind == ExprKind::kStarred;
    if (item != nullptr && list) forget(*item);
  }
}

void Interpreter::assign(const Expr& target, const Ref& value) {
  switch (target.kind) {
    case ExprKind::kName: bind(target.text, value); return;
    case ExprKind::kTuple:
    case ExprKind::kList: {
      const auto elements = elements_of(value);
      const bool starred =
          std::any_of(target.items.begin(), target.items.end(),
                      [](const Expr* one) { return one->kind == ExprKind::kStarred; });
      if (!elements || starred || elements->size() != target.items.size()) {
        for (const Expr* item : target.items) {
          assign(item->kind == ExprKind::kStarred ? *item->items[0] : *item,
                 make_unknown("a part of what cannot be taken apart",
                              value->is_unknown() && value->foreign));
        }
        return;
      }
      for (std::size_t i = 0; i < elements->size(); ++i) assign(*target.items[i], (*elements)[i]);
      return;
    }
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
        of->scope->names[std::string(target.text)] = value;
      } else if (of->is(ObjectKind::kConstruct) && changes(of)) {
        of->named.emplace_back(target.text, value);
      }
      return;
    }
    default: return;
  }
}

void Interpreter::bind(std::string_view name, const Ref& value) {
  spend(64);
  Scope* scope = frame_->scope.get();
  if (scope->globals.find(name) != scope->globals.end() && scope->module != nullptr) {
    const bool unsure = doubts_ > 0;
    scope->module->scope->names[std::string(name)] =
        unsure ? make_unknown("`" + std::string(name) + "` depends on what only a run can tell")
               : value;
    return;
  }
  scope->names[std::string(name)] = value;
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
