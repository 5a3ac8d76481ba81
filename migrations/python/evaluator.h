// Follows the statements of a module with values that are known or not: what both of its clients
// share, who read a module's variables (module_variables) and what upgrade() does
// (migrations/upgrade). What a client decides for itself is virtual.
#pragma once

#include "migrations/python/module_variables.h"
#include "migrations/python/object.h"
#include "migrations/python/syntax.h"

namespace drift::migrations {

using enum ObjectKind;

// A module of the tree, or the migration itself.
struct TreeModule {
  TreeModule(PythonSource source, std::string dotted_name)
      : syntax(std::move(source)), name(std::move(dotted_name)) {
    scope->module = this;
  }
  // Functions and the scopes that they stand in refer to each other.
  ~TreeModule() {
    for (const auto& one : scopes) one->names = {};
  }

  Syntax syntax;
  std::string name;  // dotted; empty for the migration
  std::shared_ptr<Scope> scope = std::make_shared<Scope>();
  std::vector<std::shared_ptr<Scope>> scopes = {scope};  // and others that running it made
  bool running = false;
  std::optional<bool> package;  // once somebody asked
  std::string star;             // the module outside the tree that it took everything from last
};

// Gives a variable another value until the end of a block.
template <class T>
struct During {
  During(T& changed, T value)
      : variable(changed), before(std::exchange(changed, std::move(value))) {}
  ~During() { variable = std::move(before); }
  During(const During&) = delete;

  T& variable;
  T before;
};

class Evaluator {
 public:
  // Where following takes too long.
  struct OutOfSteps {};

 protected:
  // What a statement leaves: the more, the later it stands here.
  enum class Flow { kNext, kContinue, kBreak, kReturn, kRaise };

  struct Frame {
    std::shared_ptr<Scope> scope;
    std::vector<Ref> returned = {};  // by each return that may have run
    // What its names were where a test may have left the loop around here, or its round, early:
    // what follows in it is conditional.
    std::vector<Names> breaks = {}, continues = {};
  };

  // Modules imported by an absolute name go to `kept`.
  Evaluator(const ModuleLoader& load_module, KeptModules& kept, std::size_t steps,
            std::size_t bytes)
      : load_module_(load_module), kept_(kept), steps_(steps), bytes_(bytes) {}
  virtual ~Evaluator() = default;

  void step(std::size_t steps = 1) {
    if (steps > steps_) throw OutOfSteps{};
    steps_ -= steps;
  }
  void spend(std::size_t bytes) {
    if (!affords(bytes)) throw OutOfSteps{};
  }
  // Spends them where they are left.
  bool affords(std::size_t bytes) {
    if (bytes > bytes_) return false;
    bytes_ -= bytes;
    return true;
  }

  Flow run(const Body& body);
  // Here: assignments, imports, definitions. Of the rest the client knows more.
  virtual Flow run(const Stmt& statement);
  void assign(const Expr& target, const Ref& value);
  // Neither a value nor an import: it is deleted.
  virtual void put(std::string_view name, Slot made) = 0;
  // By a name in the source.
  void bind(std::string_view name, const Ref& value) {
    put(name, {.value = value, .place = name.data()});
  }
  virtual void define(const Stmt& function_or_class) = 0;
  // "x.y = v", "x[0] = v"
  virtual void assign_inside(const Expr& target, const Ref& value) = 0;

  // Here: literals, names, attributes, sums.
  Ref evaluate(const Expr& expression);
  virtual Ref other(const Expr& expression) = 0;
  virtual Ref undefined(std::string_view name) = 0;
  virtual Ref attribute(const Ref& of, std::string_view name) = 0;
  virtual Ref binary(std::string_view op, const Ref& left, const Ref& right);
  virtual Ref collect(ObjectKind kind, std::vector<Ref> items) {
    return make_items(kind, std::move(items), doubts_);
  }
  Ref name(std::string_view name);
  // What the slot of `scope` stands for; null where it was deleted.
  Ref value_of(const Scope& scope, Slot& slot);
  // The same by its name; null where it was never bound, too.
  Ref value_of(Scope& scope, std::string_view name);

  // `import *` from a module that the tree does not have, or whose __all__ is not known.
  virtual void unread_star(std::string_view module, const char* place) = 0;
  // `name` of `module`, as `importer` writes it: a variable, a module below, or what is outside of
  // the tree.
  Ref imported(TreeModule& importer, std::string_view module, std::string_view name);
  // What it is to others; null where `module` does not bind it.
  virtual Ref exported(TreeModule& module, std::string_view name) {
    return value_of(*module.scope, name);
  }
  // By its dotted name.
  virtual Ref outside(const std::string& name);
  virtual void run_module(TreeModule& module);

  std::optional<TreeModule> main_;
  Frame* frame_ = nullptr;
  int depth_ = 0;   // of evaluations and calls
  int doubts_ = 0;  // tests around here that only a run can decide

 private:
  void star_import(std::string_view module, const char* place);
  std::string absolute(TreeModule& importer, std::string_view module);
  TreeModule* load(const std::string& name, bool& refused);

  const ModuleLoader& load_module_;
  KeptModules& kept_;
  KeptModules own_;
  std::size_t steps_, bytes_;  // that are left
  int loading_ = 0;            // of modules
};

// "app" and "cli" give "app.cli"; ".." and "cli" give "..cli".
std::string dotted(std::string_view package, std::string_view name);
// One of the words in `list`, which stand between spaces.
bool is_listed(std::string_view word, std::string_view list);
// Whether calling it, an attribute or an element of it may change the database.
bool may_act(const Ref& value);
// Whether what is imported by that name comes from a library, whatever the tree has: a folder of
// migrations is often called alembic.
bool is_library(std::string_view module);

}  // namespace drift::migrations
