// Follows the statements of a migration with values that are known or not. Private to this folder.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrations/python/module_variables.h"
#include "migrations/python/syntax.h"
#include "migrations/upgrade/object.h"
#include "migrations/upgrade/upgrade.h"

namespace drift::migrations {

// A module of the tree, or the migration itself.
struct TreeModule {
  std::unique_ptr<Syntax> syntax;
  std::string name;  // dotted; empty for the migration
  std::shared_ptr<Scope> scope;
  bool ready = false;
};

using Names = std::map<std::string, Ref, std::less<>>;

// The names of a module, a function or a class.
struct Scope {
  Names names;
  std::set<std::string, std::less<>> globals;  // declared so
  std::shared_ptr<Scope> outer;                // of a function: the one that it stands in
  TreeModule* module = nullptr;
  bool is_class = false;
};

using KeptModules = std::map<std::string, std::unique_ptr<TreeModule>, std::less<>>;

Ref make_object(ObjectKind kind, std::string text = {});
Ref make_text(std::string text);
Ref make_integer(std::int64_t number);
Ref make_boolean(bool truth);
Ref make_unknown(std::string why, bool foreign = false);
Ref none();

// Whether Python would call it true; nothing where that cannot be known.
std::optional<bool> truth_of(const Object& object);
// Whether they are equal; nothing where that cannot be known.
std::optional<bool> equal(const Object& a, const Object& b);
// str(object), where that can be known.
std::optional<std::string> text_of(const Object& object);
// repr(object), where that can be known.
std::optional<std::string> repr_of(const Object& object);
// format(object, specification), where that can be known.
std::optional<std::string> formatted(const Object& object, std::string_view specification);
// text % values
Ref percent(const std::string& text, const Object& values);
// The elements that a loop over it takes; nothing where they cannot be known.
std::optional<std::vector<Ref>> elements_of(const Ref& object);
// Whether a handle that leads to the database is among it.
bool reaches_database(const Object& object, int depth = 0);

class Interpreter {
 public:
  Interpreter(const ModuleLoader& load_module, KeptModules& kept);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  UpgradeReading read(std::string_view source);

 private:
  enum class Flow { kNext, kReturn, kBreak, kContinue, kRaise };

  // A function, a loop or an iteration that a test may have left early: what follows in it is
  // conditional.
  struct Exit {
    int left = 0;
  };
  struct Frame {
    std::shared_ptr<Scope> scope;
    std::vector<Ref> returned;  // by each return that may have run
    Exit function;
    Exit* loop = nullptr;
    Exit* iteration = nullptr;
  };
  struct Arguments {
    std::vector<Ref> places;
    std::vector<std::pair<std::string, Ref>> named;
    bool whole = true;  // false where *x or **x could not be known
  };
  struct OutOfSteps {};

  void step(std::size_t steps = 1);
  void spend(std::size_t bytes);

  // statements.cc
  Flow run(const Body& body);
  Flow run(const Stmt& statement);
  Flow run_if(const Stmt& statement);
  Flow run_for(const Stmt& statement);
  Flow run_while(const Stmt& statement);
  Flow run_try(const Stmt& statement);
  Flow run_with(const Stmt& statement);
  Flow run_once(const Stmt& statement, const Ref& value);
  Flow maybe(const Body& body);
  void leave(Flow flow);
  void define_class(const Stmt& statement);
  void forget(const Body& body);
  void forget(const Expr& target);
  void assign(const Expr& target, const Ref& value);
  void bind(std::string_view name, const Ref& value);
  void in_place(const Stmt& statement);
  void import(const Stmt& statement);
  void merge(const Names& other);

  // expressions.cc
  Ref evaluate(const Expr& expression);
  Ref name(std::string_view name);
  Ref compare(const Expr& expression);
  Ref binary(std::string_view op, const Ref& left, const Ref& right);
  Ref comprehension(const Expr& expression);
  bool comprehend(const Expr& expression, std::size_t clause, std::vector<Ref>& items);
  Ref formatted_string(const Expr& expression);
  Ref subscript(const Ref& of, const Expr& index);
  Ref attribute(const Ref& of, std::string_view name);
  Ref handle_attribute(const Ref& of, std::string_view name);
  Ref logical(const Expr& expression);
  Ref sliced(const Ref& of, const Expr& slice);
  Ref resolved(const Ref& object);

  // calls.cc
  Ref call(const Expr& expression);
  Ref call(const Ref& callee, Arguments arguments);
  Ref call_function(const Ref& function, Arguments arguments);
  Ref call_symbol(const std::string& name, Arguments arguments);
  Ref call_builtin(std::string_view name, Arguments& arguments);
  Ref call_member(const Ref& member, Arguments arguments);
  Arguments arguments_of(const Expr& call);

  // methods.cc
  Ref text_method(const Object& text, std::string_view name, Arguments& arguments);
  Ref container_method(const Ref& object, std::string_view name, Arguments& arguments);
  bool changes(const Ref& object);

  // database.cc
  Ref call_operation(std::string_view name, Arguments arguments, const Ref& batch);
  Ref call_handle(const Ref& handle, std::string_view name, Arguments arguments);
  void record(std::string name, Arguments arguments, const Ref& batch);
  void opaque(std::string reason);
  Ref handle(std::string what);

  // modules.cc
  TreeModule* module_of(std::string_view importer, std::string_view name);
  Ref imported(std::string_view importer, std::string_view module, std::string_view name);
  Ref exported(TreeModule& module, std::string_view name);

  const ModuleLoader& load_module_;
  KeptModules& kept_;
  KeptModules own_;
  TreeModule main_;
  UpgradeReading reading_;
  std::set<std::pair<int, std::string>> told_;  // lines and reasons of what was opaque
  struct Active {
    const Stmt* function;
    std::size_t calls;  // recorded before it began
  };
  std::vector<Active> active_;                  // functions that are running
  std::vector<std::shared_ptr<Scope>> scopes_;  // that something in them refers back to
  Frame* frame_ = nullptr;
  std::size_t steps_ = 0;
  std::size_t bytes_ = 0;
  int depth_ = 0;    // of evaluations and calls
  int calls_ = 0;    // of functions
  int loading_ = 0;  // of modules
  int doubts_ = 0;   // tests around here that only a run can decide
  int autocommit_ = 0;
  bool fresh_transaction_ = false;
  int line_ = 0;  // in the migration
  bool recording_ = false;
};

}  // namespace drift::migrations
