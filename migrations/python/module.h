// Follows the statements of a module to learn what its names stand for in the end.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrations/python/expression.h"
#include "migrations/python/imports.h"
#include "migrations/python/source.h"
#include "migrations/python/tokenizer.h"
#include "migrations/python/value.h"

namespace drift::migrations {

// The names that a module binds, in the order it does.
class PythonNamespace {
 public:
  struct Binding {
    std::string_view name;
    Value value;
    const char* place = nullptr;  // of the name where it was bound last
  };

  PythonNamespace() { bindings_.reserve(16); }

  // Null where the name was never bound. Valid until the next call of bind().
  const Binding* find(std::string_view name) const;
  void bind(std::string_view name, const Value& value, const char* place);

  // Every name ever bound, those since deleted included.
  const std::vector<Binding>& bindings() const { return bindings_; }

 private:
  // A migration binds about ten names: a search through them beats any table.
  static constexpr std::size_t kFewNames = 24;

  std::size_t index_of(std::string_view name) const;

  std::vector<Binding> bindings_;
  std::unordered_map<std::string_view, std::size_t> table_;  // only beyond kFewNames
};

// The variables of a migration that Alembic reads.
inline constexpr std::array<std::string_view, 4> kAlembicNames = {"revision", "down_revision",
                                                                  "branch_labels", "depends_on"};

// What is assigned at module level by a literal is believed: a name is unknown only where the
// module's own top-level code plainly makes it so. Bodies of functions and classes are not read.
class PythonModule final : private NameResolver {
 public:
  // `name` is how the module was imported; empty for the file that was asked about.
  PythonModule(PythonSource source, std::string name, PythonImports& imports);

  void run();

  const std::optional<PythonSource::Error>& syntax_error() const { return syntax_error_; }

  // The value of a name at this point, its final one after run(); and where it was bound last.
  Value value_of(std::string_view name) override;
  const char* place_of(std::string_view name) const;

  // What could give a name that is read another value than the one written, the first of its kind.
  struct Doubt {
    std::string what;
    const char* place = nullptr;
  };
  const std::optional<Doubt>& doubt() const { return doubt_; }

  // As value_of after run(), for whoever imports the module.
  Value exported(std::string_view name);
  bool star_names(std::vector<std::string_view>* names);

  // As written, escapes decoded.
  const std::string& docstring() const { return docstring_; }

  int line_of(const char* place);
  std::string_view line_at(const char* place) const;

 private:
  enum class Mode { kRuns, kMaybe, kLoops };
  enum class Chain { kNone, kIf, kLoop, kTry, kHandled };
  enum class Truth { kFalse, kTrue, kUnknown };

  // An indented block, or the module itself.
  struct Block {
    int column = 0;
    Mode mode = Mode::kRuns;
    std::string_view keyword;      // what made it kMaybe or kLoops,
    const char* header = nullptr;  // and where that stands
    // A `with` or the body of a `try`: what fails in it need not end the module.
    bool guarded = false;
    bool match = false;
    // The compound statement that an `else` here would continue.
    Chain chain = Chain::kNone;
    bool chain_taken = false;    // one branch runs for certain
    bool chain_unknown = false;  // one branch may have run
  };

  Value attribute_of(const Value& object, std::string_view name) override;

  // module.cc: lines and blocks
  bool place_line(int column);
  void logical_line(std::span<const Token> tokens);
  void close_block();
  void check_chain(const char* place);
  void fail(std::string message, const char* place);

  // compound.cc: statements with a suite
  bool compound_statement(std::span<const Token> tokens);
  void if_statement(std::span<const Token> tokens, bool first);
  void else_clause(std::span<const Token> tokens);
  void loop_statement(std::span<const Token> tokens, const Token& keyword);
  void except_clause(std::span<const Token> tokens);
  void with_statement(std::span<const Token> tokens);
  void definition(std::span<const Token> tokens, std::size_t keyword);
  void case_clause(std::span<const Token> tokens);
  void enter_suite(std::span<const Token> tokens, std::size_t colon, Mode mode,
                   bool guarded = false, bool match = false);
  void skip_suite(std::span<const Token> tokens, std::size_t colon);
  Truth truth_of(std::span<const Token> tokens);
  std::optional<std::size_t> suite_colon(std::span<const Token> tokens);

  // simple.cc: statements of one line
  void simple_statements(std::span<const Token> tokens);
  void simple_statement(std::span<const Token> tokens);
  void del_statement(std::span<const Token> tokens);
  void expression_statement(std::span<const Token> tokens);
  void augmented(std::span<const Token> target, const Token& op, std::span<const Token> right);
  Value evaluated(std::span<const Token> tokens);
  void assign(std::span<const Token> target, const Value& value);
  void assign_unknown(std::span<const Token> target, Why why);
  void bind(std::string_view name, const Value& value, const char* place);
  bool assigned_through_globals(std::span<const Token> target);
  void mention(std::span<const Token> tokens);
  void doubt(std::string what, const char* place);

  // imports.cc
  void import_statement(std::span<const Token> tokens);
  void from_statement(std::span<const Token> tokens);
  void star_import(std::string_view module, const char* place);
  std::string_view dotted_name(std::span<const Token> tokens, std::size_t* next);

  PythonSource source_;
  std::string name_;
  PythonImports& imports_;
  ValueStore& store_;
  std::optional<PythonSource::Error> syntax_error_;
  PythonTokenizer tokenizer_;
  PythonExpression expression_;
  PythonNamespace names_;
  std::vector<Block> blocks_;
  std::optional<Block> opened_;  // a header was read, its block comes next
  std::string docstring_;
  bool first_statement_ = true;
  bool pure_ = true;         // the statement so far can neither fail nor run foreign code
  bool used_names_ = false;  // the value about to be bound came by a name
  int guards_ = 0;           // guarded blocks around here
  std::optional<Doubt> doubt_;

  std::unordered_map<std::string_view, Value> exported_;  // what was asked for so far

  const char* counted_to_ = nullptr;  // line_of() goes on from here
  int counted_lines_ = 1;
};

}  // namespace drift::migrations
