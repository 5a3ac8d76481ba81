// Reads the statements of a block for a Syntax. Private to this folder.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/syntax.h"

namespace drift::migrations {

class StatementParser {
 public:
  // The block that begins at `from`, or the module. `header`: the column of its header, -1 for a
  // module.
  StatementParser(Syntax& syntax, const char* from, int header)
      : syntax_(syntax), tokenizer_(from), header_(header), end_(from) {
    blocks_.reserve(8);
  }

  // False where that is no Python; then the error is the syntax's if it had none.
  bool read(Body& into);

  // Where what was read ends.
  const char* end() const { return end_; }

 private:
  using Tokens = std::span<const Token>;

  struct Block {
    int column;
    Body* body;
    bool match = false;
    // The compound statement that an `else` here would continue, and, of a `try`, whether it has
    // an `except`.
    Stmt* chain = nullptr;
    bool handled = false;
  };

  // statement_parser.cc: lines, blocks and what opens them
  void fail(std::string message, const char* place);
  std::string expected_block() const;
  bool place_line(int column, const char* place);
  void check_chain(const char* place);
  void append(Body& body, Stmt& made);
  Stmt& make(StmtKind kind, const Token& at);
  Stmt& add(StmtKind kind, const Token& at);
  void values(Stmt& made, std::initializer_list<const Expr*> read);
  void values(Stmt& made, std::size_t from);
  void line(Tokens tokens);
  void begin_statement(const Token& first, bool is_case);
  std::size_t suite_colon(Tokens tokens);
  void suite(Tokens tokens, std::size_t colon, Body& body);
  void open(Body& body, std::string_view keyword);
  bool compound(Tokens tokens);
  void continuation(Tokens tokens, Tokens head, std::string_view word);
  void managers(ExpressionParser& parser, Stmt& made);
  void definition(Tokens tokens, Tokens head, bool is_class);
  void parameters(ExpressionParser& parser, Stmt& function);
  void bases(ExpressionParser& parser, Stmt& made);

  // simple_statements.cc
  void simple_statements(Tokens tokens);
  void simple_statement(ExpressionParser& parser, Stmt& made);
  bool keyword_statement(ExpressionParser& parser, Stmt& made, std::string_view word);
  static bool is_type(ExpressionParser& parser);
  std::string_view dotted_name(ExpressionParser& parser);
  bool imports(ExpressionParser& parser, Stmt& made, bool from);
  void assignment(ExpressionParser& parser, Stmt& made);

  Syntax& syntax_;
  PythonTokenizer tokenizer_;
  int header_;
  const char* end_;
  bool failed_ = false;
  std::vector<Block> blocks_;
  Body* opened_ = nullptr;
  std::string_view opened_by_;
  std::vector<const Expr*> decorators_;
  std::vector<Import> imports_;  // of the statement being read
};

inline bool is_any(std::string_view word, std::initializer_list<std::string_view> of) {
  for (const std::string_view one : of) {
    if (word == one) return true;
  }
  return false;
}

}  // namespace drift::migrations
