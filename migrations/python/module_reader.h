// The evaluator's client that reads a module's variables. Private to this folder.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/evaluator.h"

namespace drift::migrations {

// The variables of a migration that Alembic reads.
inline constexpr std::array<std::string_view, 4> kAlembicNames = {"revision", "down_revision",
                                                                  "branch_labels", "depends_on"};

// What is assigned at module level by a literal is believed: a name is unknown only where the
// module's own top-level code plainly makes it so. Blocks of functions and classes are not read.
// The text of an unknown object is the end of "cannot know its value: ...".
class ModuleReader final : private Evaluator {
 public:
  explicit ModuleReader(const ModuleLoader& load_module);
  ~ModuleReader() override;

  ModuleVariables read(std::string_view source);

 private:
  enum class Mode { kRuns, kMaybe, kLoops };

  // A block that is being followed, or the module itself.
  struct Block {
    Mode mode = Mode::kRuns;
    const char* header = nullptr;  // of what made it kMaybe or kLoops
    // It or one around it is a `with` or the body of a `try`: what fails in it need not end the
    // module.
    bool guarded = false;
    Block* outer = nullptr;
  };

  // module_reader.cc: statements
  Flow run(const Stmt& statement) override;
  void run_if(const Stmt& statement);
  void run_loop(const Stmt& statement);
  void run_try(const Stmt& statement);
  void run_simple(const Stmt& statement, bool first);
  void run_block(const Body& body, Mode mode, bool guarded = false);
  void run_assign(const Stmt& statement);
  void run_in_place(const Stmt& statement);
  void define(const Stmt& statement) override;
  void bind(std::string_view name, const Ref& value, const char* place) override;
  void bind(Slot made);
  void bind_import(const Stmt& statement, const Import& import) override;
  void assign_inside(const Expr& target, const Ref& value) override;
  bool assigned_through_globals(const Expr& target);
  std::optional<std::vector<Ref>> parts_of(const Ref& value) override;
  Ref unknown_part(const Ref& value) override;
  void forget(const Expr& target);
  void mention(std::span<const Token> tokens);
  void doubt(std::string what, const char* place);
  Syntax& syntax() { return frame_->scope->module->syntax; }

  // module_values.cc: expressions and modules
  Ref evaluated(const Expr& expression);
  std::optional<bool> truth(const Expr& condition);
  bool is_type_checking(const Expr& condition);
  Ref other(const Expr& expression) override;
  Ref undefined(std::string_view name) override;
  Ref name(std::string_view name) override;
  Ref attribute(const Ref& of, std::string_view name) override;
  Ref binary(std::string_view op, const Ref& left, const Ref& right) override;
  Ref value_of(Scope& scope, Slot& slot) override;
  Ref imported(std::string_view importer, std::string_view module, std::string_view name) override;
  Ref found_in(std::string_view importer, std::string_view module, std::string_view name);
  Ref too_far();
  Ref imported_from(const std::string& module, std::string_view name);
  Ref exported(TreeModule& module, std::string_view name);
  void star_import(std::string_view module, const char* place) override;
  bool star_names(std::string_view module, std::vector<std::string_view>& names);
  void run_module(TreeModule& module) override;
  std::string conditional(const char* header);
  ModuleValue value_named(std::string_view name, bool required);

  KeptModules modules_;
  std::optional<TreeModule> main_;
  ModuleVariables variables_;
  Block* block_ = nullptr;
  bool first_ = true;
  bool pure_ = true;         // the statement so far can neither fail nor run foreign code
  bool used_names_ = false;  // what was evaluated last came by a name
  bool met_unknown_ = false;
  bool leakable_ = false;      // a name stands for a list, or for what may hold one
  int chain_ = 0;              // of names that stand for names of other modules
  std::size_t questions_ = 0;  // about them so far
};

// Whether both are known and the same to whoever looks at them later: equal lists are still two.
bool interchangeable(const Ref& a, const Ref& b);

inline constexpr std::string_view kShared = "it is a list or set that other code may have changed";

}  // namespace drift::migrations
