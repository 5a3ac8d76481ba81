// The evaluator's client that follows upgrade(). Private to this folder.
#pragma once

#include <functional>
#include <set>
#include <span>

#include "migrations/python/evaluator.h"
#include "migrations/upgrade/upgrade.h"

namespace drift::migrations {

// f"{object!conversion:specification}", where that can be known.
std::optional<std::string> formatted(const Object& object, std::string_view specification,
                                     std::string_view conversion = {});
// Of "sqlalchemy.types.String" it is "String".
inline std::string_view last_of(std::string_view name) { return name.substr(name.rfind('.') + 1); }
// Whether a handle that leads to the database is among it, or a function, which may take its own.
bool reaches_database(const Object& object, int depth = 0, int* left = nullptr);

class Interpreter final : private Evaluator {
 public:
  Interpreter(const ModuleLoader& load_module, KeptModules& kept)
      : Evaluator(load_module, kept, kMostUpgradeSteps, std::size_t{16} << 20) {}
  std::vector<UpgradeCall> read(std::string_view source);

 private:
  using Arguments = Object;  // of a call: items, named, whole

  // statements.cc
  using Evaluator::run;
  Flow run(const Stmt& statement) override;
  Flow run_loop(const Stmt& statement);
  Flow run_try(const Stmt& statement);
  Flow run_with(const Stmt& statement);
  Flow maybe(const Body& body);
  void leave(Flow flow, const Names& names);
  bool merge(const Names& other);
  Flow either(const Body& first, const Body& second);
  void define(const Stmt& statement) override;
  // Of what is assigned and not known, `value` is null.
  void assign_inside(const Expr& target, const Ref& value) override;
  void put(std::string_view name, Slot made) override;

  // expressions.cc
  Ref other(const Expr& expression) override;
  Ref binary(std::string_view op, const Ref& left, const Ref& right) override;
  Ref comprehension(const Expr& expression);
  bool comprehend(const Expr& expression, std::span<const Expr::Clause> clauses,
                  std::vector<Ref>& items);
  Ref formatted_string(const Expr& expression);
  Ref subscript(const Ref& of, const Expr& index);
  // What `and`, or `or`, makes of that many operands.
  Ref logical(bool is_or, std::size_t count, const std::function<Ref(std::size_t)>& operand);
  Ref sliced(const Ref& of, const Expr& slice);

  // calls.cc
  Ref call(const Expr& expression);
  Ref call(const Ref& callee, Arguments arguments);
  Ref call_function(const Ref& function, Arguments arguments);
  void bind_parameters(const Object& function, Arguments given, Names& names);
  Ref call_symbol(std::string_view name, Arguments arguments);
  Ref call_member(const Ref& member, Arguments arguments);
  // What calling `text`, or the attribute `text` of `base`, makes.
  Ref construct(std::string text, Arguments arguments, Ref base = nullptr);
  // Says that `what` cannot be read; what it gave may be anything.
  Ref unread(std::string what, std::string_view gave);
  Ref outside(const std::string& name) override;
  Ref call_operation(std::string_view name, Arguments arguments, const Ref& batch);
  Ref attribute(const Ref& of, std::string_view name) override;
  Ref call_handle(const Ref& handle, std::string_view name, Arguments arguments);
  void record(std::string name, Arguments arguments, const Ref& batch);
  void opaque(std::string reason);

  // builtins.cc
  Ref undefined(std::string_view name) override;
  Ref format_text(std::string_view text, const Arguments& given);
  Ref percent(std::string_view text, const Ref& values);
  Ref call_builtin(std::string_view name, Arguments& arguments);
  Ref text_method(const Object& text, std::string_view name, Arguments& arguments);
  Ref container_method(const Ref& object, std::string_view name, Arguments& arguments);
  bool changes(const Ref& object);
  static void forget(const Ref& object, std::string why);
  void extend(const Ref& object, const Ref& more);
  // Of equal elements of a set one is kept, of equal keys of a dict the last value.
  void insert(Object& object, std::vector<Ref> more);
  // A list, a tuple, a set or a dict of them, made here.
  Ref collect(ObjectKind kind, std::vector<Ref> items) override;

  void unread_star(std::string_view module, const char*) override {
    frame_->scope->module->star = module;
  }
  void run_module(TreeModule& module) override;

  std::vector<UpgradeCall> recorded_;
  std::set<std::pair<int, std::string>> told_;               // lines and reasons of what was opaque
  std::vector<std::pair<const Stmt*, std::size_t>> active_;  // functions; what was recorded before
  bool autocommit_ = false;
  bool fresh_transaction_ = false;
  // The innermost `try` that catches what is raised here.
  struct Guard {
    Frame* frame;
    std::vector<Names> raised = {};  // what its names were where a test may have led to a `raise`
  };
  Guard* guard_ = nullptr;
  int raises_ = 0;  // of those, to its handlers
  int line_ = 0;    // in the migration
  bool recording_ = true;
};

}  // namespace drift::migrations
