// Reads the tree of a Syntax. Private to this folder.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "migrations/python/syntax.h"

namespace drift::migrations {

class Parser {
 public:
  // Of the block that the tokenizer reads.
  Parser(Syntax& syntax, PythonTokenizer& tokenizer) : syntax_(syntax), tokenizer_(tokenizer) {
    blocks_.reserve(8);
  }

  // Reads its statements. False where that is no Python; then the error is the syntax's if it had
  // none.
  bool read(Body& into);

 private:
  struct Keyword;
  struct Block {
    Body* body = nullptr;
    StmtKind opening = StmtKind::kPass;  // what its header begins
    // The compound statement that an `else` here would continue, and the keyword it last had.
    Stmt* chain = nullptr;
    std::string_view last = {};
  };

  // How tightly an operator binds:
  // https://docs.python.org/3/reference/expressions.html#operator-precedence
  enum Strength : int {
    kWhole = 1,  // `if` with its `else`
    kOr,
    kAnd,
    kNot,
    kComparison,
    kUnion,
    kExclusion,
    kIntersection,
    kShift,
    kSum,
    kProduct,
    kPower,
    kPrimary,  // no operator: what a `for` or an `as` binds
  };

  // A cursor over the tokens of a line, behind which stands one that is nothing.
  const Token& token(std::size_t ahead = 0) const { return next_[ahead]; }
  bool at_end() const { return is('\0'); }
  bool is(char op) const { return next_->is(op); }
  bool is_name() const { return next_->is_name(); }
  bool is_name(std::string_view name) const { return next_->is_name(name); }
  void skip() { ++next_; }
  std::string_view take() { return next_++->text(); }
  bool accept(char op) { return is(op) && ++next_; }
  bool accept_name(std::string_view name) { return is_name(name) && ++next_; }
  // Up to one of these operators outside brackets, or a closing bracket; none of a lambda's.
  void skip_to(std::string_view ends);

  // statement_parser.cc
  void close_blocks(const char* place);
  void check_try(const char* place) const;
  Stmt& add(StmtKind kind, const Token& at, Body& to);
  void line();
  const Keyword& keyword() const;
  void compound(const Keyword& opening);
  void simple_statements(const Keyword& first);
  void statement(Stmt& made);
  void managers(Stmt& made);
  void definition(Stmt& made);
  void parameters(Stmt& function);
  void assignment(Stmt& made);
  void imports(Stmt& made);
  std::string_view dotted_name();

  // expression_parser.cc
  Expr* make(ExprKind kind, std::initializer_list<const Expr*> items = {},
             std::string_view text = {});
  // Passes over everything up to the end of the statement or field.
  const Expr* unreadable(std::string_view what);
  bool begins_expression() const {
    return next_->kind != TokenKind::kOperator || is(kEllipsis) ||
           std::string_view("([{-+~*`").find(next_->op) != std::string_view::npos;
  }
  // A list of expressions as on the right of "=": a tuple where it has a comma.
  const Expr* list(int strength = kWhole);
  const Expr* element(int strength = kWhole);
  // An expression of operators that bind at least as tightly.
  const Expr* expression(int strength = kWhole);
  int strength() const;
  const Expr* operand(int strength);
  const Expr* call(const Expr* callee);
  const Expr* subscript(const Expr* of);
  const Expr* atom();
  const Expr* display();
  bool is_comprehension() const {
    return is_name("for") || (is_name("async") && token(1).is_name("for"));
  }
  const Expr* comprehension(Expr* made);
  const Expr* strings();
  void field();

  Syntax& syntax_;
  PythonTokenizer& tokenizer_;
  const Token* next_ = nullptr;
  const Token* field_end_ = nullptr;  // of the f-string's field being read
  int depth_ = 0;                     // of the expression being read
  bool too_deep_ = false;             // something in this line
  // Put aside until what they are of is read.
  std::pmr::vector<const Expr*> items_{&syntax_.arena_};
  std::pmr::vector<std::string_view> names_{&syntax_.arena_};
  std::pmr::vector<Block> blocks_{&syntax_.arena_};
  std::pmr::vector<const Expr*> decorators_{&syntax_.arena_};
  std::pmr::vector<Import> imports_{&syntax_.arena_};  // of the statement being read
};

}  // namespace drift::migrations
