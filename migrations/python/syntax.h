// The syntax tree of a Python module. Bodies of functions stay unread until somebody asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrations/python/source.h"
#include "migrations/python/tokenizer.h"

namespace drift::migrations {

enum class ExprKind : std::uint8_t {
  kName,           // text
  kNumber,         // text, as written
  kString,         // value
  kBytes,          // value, undecoded
  kFormatted,      // items: kString and kField
  kField,          // items[0]; text: the conversion, "r" of "!r"; value: the format specification
  kConstant,       // text: None, True, False or ...
  kTuple,          // items
  kList,           // items
  kSet,            // items
  kDict,           // items: key, value, key, value; a null key stands before what `**` unpacks
  kCall,           // items[0] is called; names: of the arguments after it, "" where positional
  kAttribute,      // items[0] . text
  kSubscript,      // items[0] [ items[1] ]
  kSlice,          // items: three, null where left out
  kBinary,         // items[0] text items[1]
  kAnd,            // items
  kOr,             // items
  kNot,            // items[0]
  kSign,           // text: +, - or ~; items[0]
  kComparison,     // items[0] names[0] items[1] names[1] items[2] ...
  kChoice,         // items: value, condition, other
  kComprehension,  // text: ( [ { or : for a dict; items: element (two for a dict); clauses
  kStarred,        // *items[0], as an element or an argument
  kUnpacked,       // **items[0], as an argument
  kAssigned,       // text := items[0]
  kUnreadable,     // value: what it is
};

struct Expr {
  ExprKind kind = ExprKind::kUnreadable;
  int line = 0;
  std::string_view text;
  std::string value;
  std::vector<const Expr*> items;
  std::vector<std::string_view> names;
  struct Clause {  // for target in iterable if conditions
    const Expr* target = nullptr;
    const Expr* iterable = nullptr;
    std::vector<const Expr*> conditions;
  };
  std::vector<Clause> clauses;
};

enum class StmtKind : std::uint8_t {
  kExpression,  // values[0]
  kAssign,      // values: targets, then the value
  kInPlace,     // values: target, value; text: the operator without "="
  kIf,          // values[0]; body, orelse
  kFor,         // values: target, iterable; body, orelse
  kWhile,       // values[0]; body, orelse
  kTry,         // body, handlers, orelse, last
  kWith,        // values: manager, target (null for none), manager, target ...; body
  kFunction,    // name, parameters, lazily its body
  kClass,       // name; values: bases; body
  kReturn,      // values[0] or nothing
  kImport,      // imports
  kFrom,        // text: the module with its dots; imports; a name of "*" takes all
  kGlobal,      // names
  kDelete,      // values
  kPass,
  kBreak,
  kContinue,
  kRaise,
  kAssert,
  kUnreadable,  // text: what it is
};

struct Stmt;
using Body = std::vector<const Stmt*>;

struct Parameter {
  enum class Kind : std::uint8_t { kPlain, kNamedOnly, kRest, kNamedRest };
  std::string_view name;
  Kind kind = Kind::kPlain;
  const Expr* fallback = nullptr;
};

struct Stmt {
  StmtKind kind = StmtKind::kPass;
  int line = 0;
  std::string_view text;
  std::vector<const Expr*> values;
  Body body, orelse, last;
  std::vector<Body> handlers;
  struct Import {
    std::string name, as;  // `as` is never empty
    bool renamed = false;
  };
  std::vector<Import> imports;
  std::vector<std::string_view> names;
  std::vector<Parameter> parameters;
  std::vector<const Expr*> decorators;
  // kFunction: where its body begins in the source, and the column of its header.
  const char* begin = nullptr;
  int column = 0;
  bool generator = false;  // its body holds the word yield
};

// Owns the tree of a module and its source. What no version of Python would read is an error; what
// this reader does not follow is kUnreadable, in its place.
class Syntax {
 public:
  // Requires `source` without an error.
  explicit Syntax(PythonSource source);
  Syntax(const Syntax&) = delete;
  Syntax& operator=(const Syntax&) = delete;

  const Body& module() const { return module_; }
  const std::optional<PythonSource::Error>& error() const { return error_; }

  // The body of `function`, read now where this is the first time.
  const Body& body_of(const Stmt& function);

  int line_of(const char* place) const;

 private:
  friend class StatementParser;
  friend class ExpressionParser;

  PythonSource source_;
  std::deque<PythonSource> fields_;  // of f-strings
  std::deque<Expr> expressions_;
  std::deque<Stmt> statements_;
  std::deque<std::pair<const Stmt*, Body>> bodies_;
  std::vector<const char*> lines_;
  Body module_;
  std::optional<PythonSource::Error> error_;
};

// Reads expressions for `syntax` from the tokens of a logical line.
class ExpressionParser {
 public:
  // `line`: of every token, where they come from elsewhere than the source itself (a field of an
  // f-string); 0 else.
  ExpressionParser(Syntax& syntax, std::span<const Token> tokens, int line = 0, int depth = 0)
      : syntax_(syntax), tokens_(tokens), line_(line), depth_(depth) {}

  // A list of expressions as on the right of "=": a tuple where it has a comma.
  const Expr* list();
  const Expr* expression();
  // What a `for` binds, up to its `in`.
  const Expr* targets();

  bool at_end() const { return next_ >= tokens_.size(); }
  bool is(char op) const { return !at_end() && tokens_[next_].is(op); }
  bool is_name(std::string_view name) const { return !at_end() && tokens_[next_].is_name(name); }
  const Token& token() const { return tokens_[next_]; }
  void skip() { ++next_; }
  bool accept(char op);
  bool accept_name(std::string_view name);
  std::size_t position() const { return next_; }
  void seek(std::size_t position) { next_ = position; }
  int line() const;
  Expr* make(ExprKind kind);
  // Passes over everything up to the end.
  const Expr* unreadable(std::string what);

 private:
  const Expr* choice();
  const Expr* disjunction();
  const Expr* conjunction();
  const Expr* negation();
  const Expr* comparison();
  const Expr* binary(int strength);
  const Expr* sign();
  const Expr* primary();
  const Expr* atom();
  const Expr* bracketed();
  const Expr* braces();
  const Expr* strings();
  const Expr* subscript(const Expr* of);
  const Expr* call(const Expr* callee);
  const Expr* element();
  void clauses(Expr& comprehension);
  void formatted(std::string_view token, std::vector<const Expr*>& pieces);
  void field(std::string_view text, std::vector<const Expr*>& pieces);

  Syntax& syntax_;
  std::span<const Token> tokens_;
  std::size_t next_ = 0;
  int line_;
  int depth_;
};

}  // namespace drift::migrations
