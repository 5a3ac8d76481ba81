// Reads the tree of a Syntax. Private to this folder.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/syntax.h"

namespace drift::migrations {

// A cursor over the tokens of a line, and what reads expressions there.
class ExpressionParser {
 public:
  // How tightly an operator binds:
  // https://docs.python.org/3/reference/expressions.html#operator-precedence
  static constexpr int kWhole = 1;  // `if` with its `else`
  static constexpr int kOr = 2;
  static constexpr int kAnd = 3;
  static constexpr int kNot = 4;
  static constexpr int kComparison = 5;
  static constexpr int kPower = 12;
  static constexpr int kPrimary = 13;  // no operator: what a `for` or an `as` binds

  explicit ExpressionParser(Syntax& syntax) : syntax_(syntax) {}

  // A list of expressions as on the right of "=": a tuple where it has a comma.
  const Expr* list(int strength = kWhole);
  bool at_end() const { return is('\0'); }

 protected:
  // An expression of operators that bind at least as tightly.
  const Expr* expression(int strength = kWhole);

  // `ahead`: no further than to the first behind the end.
  const Token& token(std::size_t ahead = 0) const { return next_[ahead]; }
  bool is(char op) const { return next_->is(op); }
  bool is_name() const { return next_->is_name(); }
  bool is_name(std::string_view name) const { return next_->is_name(name); }
  void skip() { ++next_; }
  std::string_view take() { return next_++->text(); }
  bool accept(char op) { return is(op) && ++next_; }
  bool accept_name(std::string_view name) { return is_name(name) && ++next_; }
  std::span<const Token> since(const Token* begin) const { return {begin, next_}; }
  bool begins_expression() const;
  // Up to one of these operators outside brackets, or a closing bracket; none of a lambda's.
  void skip_to(std::string_view ends);

  Syntax& syntax_;
  const Token* next_ = nullptr;

 private:
  Expr* make(ExprKind kind, std::initializer_list<const Expr*> items = {},
             std::string_view text = {});
  // Passes over everything up to the end of the statement.
  const Expr* unreadable(std::string_view what);
  int strength() const;
  std::string_view take_operator();
  const Expr* operand(int strength);
  const Expr* atom();
  const Expr* display();
  const Expr* strings();
  const Expr* subscript(const Expr* of);
  const Expr* call(const Expr* callee);
  const Expr* element(int strength = kWhole);
  bool is_comprehension() const {
    return is_name("for") || (is_name("async") && token(1).is_name("for"));
  }
  const Expr* comprehension(Expr* made);
  void field();

  int depth_ = 0;
  bool too_deep_ = false;
};

// Reads the statements of a block.
class StatementParser : private ExpressionParser {
 public:
  // Begins at `from`.
  StatementParser(Syntax& syntax, const char* from)
      : ExpressionParser(syntax), tokenizer_(from), end_(from) {
    blocks_.reserve(8);
  }

  // Up to the first line that does not stand as far to the right as `column`, or as the first line
  // where that is not given. False where that is no Python; then the error is the syntax's if it
  // had none.
  bool read(Body& into, int column = -1);

  // Where what was read ends.
  const char* end() const { return end_; }

 private:
  struct Keyword;
  struct Block {
    int column = 0;
    Body* body = nullptr;
    std::string_view opening = {};  // the keyword of its header
    // The compound statement that an `else` here would continue, and the keyword it last had.
    Stmt* chain = nullptr;
    std::string_view last = {};
  };

  void place_line(int column, const char* place);
  void check_try(const char* place) const;
  Stmt& add(StmtKind kind, const Token& at, Body& to);
  void line();
  const Keyword* keyword() const;
  void compound(const Keyword& opening);
  void simple_statements(const Keyword* first);
  void statement(Stmt& made);
  void managers(Stmt& made);
  void definition(Stmt& made);
  void parameters(Stmt& function);
  void assignment(Stmt& made);
  void imports(Stmt& made);
  std::string_view dotted_name();

  PythonTokenizer tokenizer_;
  const char* end_;
  std::vector<Block> blocks_;
  Body* opened_ = nullptr;
  std::vector<const Expr*> decorators_;
  std::vector<Import> imports_;  // of the statement being read
};

}  // namespace drift::migrations
