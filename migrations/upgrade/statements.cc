#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

Ref unsure(std::string_view name, bool foreign = false) {
  return make_unknown("`" + std::string(name) + "` depends on what only a run can tell", foreign);
}

bool may_act(const Slot& slot) {
  const std::string_view from = slot.module.empty() ? slot.import : slot.module;
  if (slot.value) return may_act(slot.value);
  return !from.empty() && (from.starts_with("alembic") || !is_library(from));
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
    case StmtKind::kAssert:
    case StmtKind::kExpression:
      for (const Expr* one : statement.values) evaluate(*one);
      break;
    case StmtKind::kRaise: return Flow::kRaise;
    case StmtKind::kInPlace: {
      const Ref value = evaluate(*statement.values[1]), before = evaluate(*statement.values[0]);
      if (before->is(kList) && statement.text == "+") {
        extend(before, value);
      } else {
        assign(*statement.values[0], binary(statement.text, before, value));
      }
      break;
    }
    case StmtKind::kIf: {
      const auto truth = truth_of(*evaluate(*statement.values[0]));
      if (!truth) return either(statement.body, statement.orelse);
      return run(*truth ? statement.body : statement.orelse);
    }
    case StmtKind::kFor:
    case StmtKind::kWhile: return run_loop(statement);
    case StmtKind::kTry: return run_try(statement);
    case StmtKind::kWith: return run_with(statement);
    case StmtKind::kReturn:
      frame_->returned.push_back(statement.values.empty() ? none()
                                                          : evaluate(*statement.values[0]));
      return Flow::kReturn;
    case StmtKind::kGlobal:
      for (const Expr* name : statement.values) {
        const bool global = keyword_at(statement.place) == "global";
        Scope* scope = frame_->scope->outer.get();
        while (scope != nullptr && scope->outer && (global || !find(scope->names, name->text))) {
          scope = scope->outer.get();
        }
        if (scope != nullptr) frame_->scope->elsewhere[name->text] = scope;
      }
      break;
    case StmtKind::kDelete:
      for (const Expr* target : statement.values) assign(*target, nullptr);
      break;
    case StmtKind::kBreak: return Flow::kBreak;
    case StmtKind::kContinue: return Flow::kContinue;
    case StmtKind::kUnreadable: opaque(std::string(statement.text)); break;
    case StmtKind::kMatch:
    case StmtKind::kCase: return either(statement.body, {});
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

// A branch that may have run, and has those names now, left a function, a loop, a round of it or a
// `try`: what follows there is conditional. Where nothing catches what it raised, that ends the
// whole migration.
void Interpreter::leave(Flow flow, const Names& names) {
  if (flow == Flow::kNext || (flow == Flow::kRaise && guard_ == nullptr)) return;
  ++doubts_;
  if (flow == Flow::kReturn) return;
  spend(names.size() * 128);
  const bool raised = flow == Flow::kRaise, here = !raised || guard_->frame == frame_;
  raises_ += raised;
  auto& left = flow == Flow::kBreak ? frame_->breaks : frame_->continues;
  (raised ? guard_->raised : left).push_back(here ? names : guard_->frame->scope->names);
}

// What is not the same in both is not known. Whether that makes less known than `other` has, of
// the names that it has.
bool Interpreter::merge(const Names& other) {
  Names& names = frame_->scope->names;
  step(1 + names.size() / 8);
  bool less = false;
  for (const auto& [name, slot] : other) names[name];
  for (auto& [name, slot] : names) {
    const Slot* const found = find(other, name);
    const bool agreed =
        found != nullptr &&
        (slot.imports_as(*found) || (slot.value && found->value && same(found->value, slot.value)));
    if (agreed) continue;
    const bool acts = may_act(slot) || (found != nullptr && may_act(*found));
    const bool was_known = found != nullptr && !(found->value && found->value->is_unknown());
    less = less || was_known || (found != nullptr && found->value->foreign < acts);
    slot = {.value = unsure(name, acts)};
  }
  return less;
}

// Only a run can tell which of them.
Interpreter::Flow Interpreter::either(const Body& first, const Body& second) {
  Names& names = frame_->scope->names;
  step(1 + names.size() / 8);
  Names others = names;
  const Flow one = maybe(first);
  std::swap(names, others);
  const Flow two = maybe(second);
  // What goes on has the names of the branch that does.
  if (two != Flow::kNext) std::swap(names, others);
  if (one == Flow::kNext && two == Flow::kNext) merge(others);
  leave(one, two == Flow::kNext ? others : names);
  leave(two, others);
  return std::min(one, two);
}

// One whose rounds cannot be counted is followed once, as something that may happen.
Interpreter::Flow Interpreter::run_loop(const Stmt& statement) {
  const bool is_for = statement.kind == StmtKind::kFor;
  const Ref over = is_for ? evaluate(*statement.values[1]) : none();
  auto elements = elements_of(over);
  Frame& frame = *frame_;
  std::vector<Names> breaks = std::exchange(frame.breaks, {});
  std::vector<Names> continues = std::exchange(frame.continues, {});
  const int doubts = doubts_;
  const auto end_round = [&] {
    doubts_ -= static_cast<int>(frame.continues.size());
    for (const Names& one : std::exchange(frame.continues, {})) merge(one);
  };
  const auto follow = [&] {
    if (is_for) {
      assign(*statement.values[0],
             make_unknown("an element of what only a run can tell", may_act(over)));
    }
    either(statement.body, {});
    end_round();
  };
  // Makes the names what they are after any number of rounds, and lists and dicts, too. Whether
  // the last of them `stands`, or none did anything else.
  const auto rehearse = [&](bool stands) {
    const During silent(recording_, false);
    for (bool less = true; less;) {
      const Names names = frame.scope->names;
      Frame before = frame;
      const int doubts_before = doubts_, raises = raises_;
      const bool fresh = fresh_transaction_;
      follow();
      less = merge(names);
      if (stands && !less) break;
      frame = std::move(before);
      doubts_ = doubts_before;
      raises_ = raises;
      fresh_transaction_ = fresh;
    }
  };
  // What ends `while True` stands in it.
  const bool endless = !is_for && statement.values[0]->kind == ExprKind::kConstant;
  const auto goes_on = [&](std::size_t round) -> std::optional<bool> {
    step();
    if (is_for) {
      if (over->is(kList) && elements->size() != over->items.size()) elements = over->items;
      if (!elements || over->is_unknown()) return std::nullopt;
      return round < elements->size();
    }
    if (doubts_ == doubts && round <= 1000) return truth_of(*evaluate(*statement.values[0]));
    // What the next rounds of an endless one do, this one did.
    return endless ? std::optional(false) : std::nullopt;
  };
  Flow flow = Flow::kNext;
  std::optional<bool> next = goes_on(0);
  if (next.value_or(false) && endless) rehearse(false);
  for (std::size_t round = 0; next.value_or(false); next = goes_on(++round)) {
    if (is_for) assign(*statement.values[0], (*elements)[round]);
    flow = run(statement.body);
    // What only some round, or none, comes to.
    const bool stays = !frame.continues.empty();
    if (flow > Flow::kContinue && (stays || (flow != Flow::kBreak && !frame.breaks.empty()))) {
      leave(flow, frame.scope->names);
      frame.scope->names = (stays ? frame.continues : frame.breaks)[0];
      flow = stays ? Flow::kNext : Flow::kBreak;
    }
    end_round();
    if (flow > Flow::kContinue) break;
  }
  if (!next) {
    rehearse(!recording_);
    if (recording_) follow();
    flow = Flow::kNext;
  }
  breaks.swap(frame.breaks);
  frame.continues = std::move(continues);
  doubts_ -= static_cast<int>(breaks.size());
  if (flow == Flow::kBreak) {
    flow = Flow::kNext;
  } else if (flow <= Flow::kContinue) {
    flow = next && breaks.empty() ? run(statement.orelse) : either(statement.orelse, {});
  }
  for (const Names& one : breaks) merge(one);
  return flow;
}

// Whatever a `try` guards may fail: where a handler goes on, what it does is conditional.
Interpreter::Flow Interpreter::run_try(const Stmt& statement) {
  Names& names = frame_->scope->names;
  const bool catches = !statement.handlers.empty();
  bool swallows = false;
  for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next)
    swallows |= one->body.end == nullptr || one->body.end->kind != StmtKind::kRaise;
  const int raises = raises_;
  Guard guard{.frame = frame_};
  const Names before = names;
  const int doubts_before = doubts_;
  Guard* const outer = std::exchange(guard_, catches ? &guard : guard_);
  Flow flow = swallows ? maybe(statement.body) : run(statement.body);
  guard_ = outer;
  const bool caught = catches && flow == Flow::kRaise;
  const int doubts = catches ? std::exchange(raises_, raises) - raises : 0;
  if (flow == Flow::kNext) flow = swallows ? maybe(statement.orelse) : run(statement.orelse);
  doubts_ -= doubts;
  const Names after = names;
  guard.raised.insert(guard.raised.end(), {before, after});
  std::vector<Names> ends;
  for (const Stmt* one = statement.handlers.first; one != nullptr; one = one->next) {
    names = guard.raised[0];
    for (const Names& raised : guard.raised) merge(raised);
    const Flow left = maybe(one->body);
    leave(left, names);
    if (left == Flow::kNext) ends.push_back(names);
  }
  if (flow == Flow::kNext || ends.empty()) {
    ends.push_back(after);
  } else {
    if (!caught) leave(flow, after);
    flow = Flow::kNext;
  }
  names = ends[0];
  for (const Names& one : ends) merge(one);
  // It runs whatever left the others early, and wherever.
  if (!statement.last.empty() && (doubts_ > doubts_before || flow != Flow::kNext)) merge(before);
  const Flow last = run(statement.last);
  return last != Flow::kNext ? last : flow;
}

Interpreter::Flow Interpreter::run_with(const Stmt& statement) {
  bool autocommit = false, suppresses = false;
  for (std::size_t i = 0; i + 1 < statement.values.size(); i += 2) {
    Ref manager = evaluate(*statement.values[i]);
    if (manager->is_instance()) opaque("a `with` of " + manager->text);
    autocommit = autocommit || (manager->is(kHandle) && manager->text == "autocommit");
    suppresses = suppresses || manager->text == "contextlib.suppress";
    if (!manager->is(kHandle) && !manager->is(kBatch)) {
      manager = make_unknown("what `with` gives", may_act(manager));
    }
    if (const Expr* target = statement.values[i + 1]) assign(*target, manager);
  }
  const During inside(autocommit_, autocommit_ || autocommit);
  fresh_transaction_ = fresh_transaction_ || autocommit;
  const Flow flow = suppresses ? either(statement.body, {}) : run(statement.body);
  fresh_transaction_ = fresh_transaction_ || autocommit;
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

void Interpreter::assign_inside(const Expr& target, const Ref& value) {
  const bool subscript = target.kind == ExprKind::kSubscript;
  if (!subscript && (!value || target.kind != ExprKind::kAttribute)) return;
  const Ref of = evaluate(*target.items[0]);
  if (subscript) {
    const Ref key = evaluate(*target.items[1]);
    if (!changes(of)) return;
    spend(64);
    if (of->is(kDict) && value) return set_item(*of, key, value);
    forget(of, "something that was assigned to");
  } else if (of->is(kClass)) {
    of->scope->names[of->scope->module->syntax.keep(target.text)].value =
        doubts_ > 0 || of->scope->module != &*main_ ? unsure(target.text, true) : value;
  } else if (of->is(kConstruct) && changes(of)) {
    std::erase_if(of->named, [&](const auto& one) { return one.first == target.text; });
    of->named.emplace_back(target.text, value);
  }
}

void Interpreter::put(std::string_view name, Slot made) {
  spend(64);
  Scope* const* const elsewhere = find(frame_->scope->elsewhere, name);
  const bool deleted = !made.value && made.import.empty();
  // Whoever follows a branch of this function does not look at the names of others.
  if (deleted || (elsewhere != nullptr && doubts_ > 0)) made = {.value = unsure(name)};
  (elsewhere != nullptr ? **elsewhere : *frame_->scope).names[name] = std::move(made);
}

std::vector<UpgradeCall> Interpreter::read(std::string_view bytes) {
  main_.emplace(decode_python_source(bytes), std::string{});
  const auto error = main_->syntax.error();
  Frame frame{.scope = main_->scope};
  const During inside(frame_, &frame);
  try {
    run_module(*main_);
    line_ = error ? error->line : 1;
    const Ref upgrade = name("upgrade");
    if (error) {
      opaque("the file: " + error->message);
    } else if (upgrade->is(kFunction)) {
      line_ = upgrade->scope->module->syntax.line_of(upgrade->statement->place);
      call(upgrade, {});
    } else {
      opaque("upgrade, which is no function of the file");
    }
  } catch (const OutOfSteps&) {
    recorded_.push_back(
        {.line = line_, .reason = "the rest of upgrade(): following it takes too long"});
  }
  return std::move(recorded_);
}

void Interpreter::run_module(TreeModule& module) {
  const During silent(recording_, false);
  const During certain(doubts_, &module == &*main_ ? 0 : -1);  // other files read others, too
  const During outside(guard_, static_cast<Guard*>(nullptr));
  Evaluator::run_module(module);
}

std::vector<UpgradeCall> read_upgrade(std::string_view source, const ModuleLoader& load_module,
                                      KeptModules& kept) {
  return Interpreter(load_module, kept).read(source);
}

}  // namespace drift::migrations
