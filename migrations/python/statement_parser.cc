#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "migrations/python/syntax.h"

// https://docs.python.org/3/reference/compound_stmts.html and simple_stmts.html

namespace drift::migrations {

// Reads the block that begins at a place, or the module.
class StatementParser {
 public:
  // `column`: of the header of the block, -1 for a module.
  StatementParser(Syntax& syntax, const char* from, int column)
      : syntax_(syntax), tokenizer_(syntax.source_, from), header_(column) {}

  void read(Body& into) {
    while (tokenizer_.next_line()) {
      const int column = tokenizer_.column();
      if (column <= header_) return;
      if (blocks_.empty()) {
        blocks_.push_back({column, &into});
      } else if (opened_ != nullptr && column > blocks_.back().column) {
        if (blocks_.size() >= PythonTokenizer::kMaxIndentations) return fail("too many levels");
        blocks_.push_back({column, opened_});
      } else {
        while (blocks_.size() > 1 && blocks_.back().column > column) blocks_.pop_back();
        if (blocks_.back().column != column) return fail("unindent does not match");
      }
      opened_ = nullptr;
      if (!logical_line(tokenizer_.tokens())) return;
    }
    if (tokenizer_.error()) fail(tokenizer_.error()->message);
  }

 private:
  struct Block {
    int column;
    Body* body;
  };

  void fail(std::string message) {
    if (syntax_.error_) return;
    const auto& error = tokenizer_.error();
    const char* where = error ? error->where : tokenizer_.position();
    syntax_.error_ = PythonSource::Error{std::move(message), syntax_.line_of(where)};
  }

  Stmt& add(StmtKind kind, const Token& at) {
    Stmt& made = syntax_.statements_.emplace_back();
    made.kind = kind;
    made.line = syntax_.line_of(at.begin);
    blocks_.back().body->push_back(&made);
    return made;
  }

  // The statement that an `elif`, `else`, `except` or `finally` here goes on with.
  Stmt* before() {
    const Body& body = *blocks_.back().body;
    return body.empty() ? nullptr : const_cast<Stmt*>(body.back());
  }

  bool logical_line(std::span<const Token> tokens) {
    ExpressionParser parser(syntax_, tokens);
    const Token& first = tokens[0];
    if (first.is('@')) {
      parser.skip();
      decorators_.push_back(parser.expression());
      return true;
    }
    const bool async = first.is_name("async") && tokens.size() > 1;
    const std::string_view word =
        tokens[async ? 1 : 0].is_name() ? tokens[async ? 1 : 0].text() : std::string_view{};
    if (async) parser.skip();
    if (word == "def" && tokens.size() > 2) {
      parser.skip();
      return definition(parser, first);
    }
    if (word == "class") {
      parser.skip();
      class_definition(parser, first);
      return true;
    }
    if (word == "if" || word == "while") {
      parser.skip();
      Stmt& made = add(word == "if" ? StmtKind::kIf : StmtKind::kWhile, first);
      made.values.push_back(parser.expression());
      chain_ = &made;
      suite(parser, made.body);
      return true;
    }
    if (word == "for") {
      parser.skip();
      Stmt& made = add(StmtKind::kFor, first);
      made.values.push_back(parser.targets());
      if (!parser.accept_name("in")) {
        unreadable(made, "a for statement");
        return true;
      }
      made.values.push_back(parser.list());
      suite(parser, made.body);
      return true;
    }
    if (word == "elif" || word == "else" || word == "except" || word == "finally") {
      parser.skip();
      continuation(parser, word);
      return true;
    }
    if (word == "try") {
      parser.skip();
      suite(parser, add(StmtKind::kTry, first).body);
      return true;
    }
    if (word == "with") {
      parser.skip();
      with(parser, first);
      return true;
    }
    const bool soft = (word == "match" || word == "case") && tokens.size() > 2 &&
                      tokens.back().is(':') && !tokens[1].is('=') && !tokens[1].is('.');
    if (soft) {
      Stmt& made = add(StmtKind::kUnreadable, first);
      made.text = "a match statement";
      opened_ = &made.body;
      return true;
    }
    simple_statements(parser);
    return true;
  }

  void unreadable(Stmt& statement, std::string_view what) {
    statement.kind = StmtKind::kUnreadable;
    statement.text = what;
    opened_ = &statement.body;
  }

  // What stands after the colon of a header: simple statements, or a block in the next lines.
  void suite(ExpressionParser& parser, Body& body) {
    if (!parser.accept(':')) {
      Stmt& made = syntax_.statements_.emplace_back();
      made.line = parser.line();
      made.kind = StmtKind::kUnreadable;
      made.text = "a statement";
      blocks_.back().body->push_back(&made);
      opened_ = &body;
      return;
    }
    if (parser.at_end()) {
      opened_ = &body;
      return;
    }
    blocks_.push_back({blocks_.back().column, &body});
    simple_statements(parser);
    blocks_.pop_back();
  }

  void continuation(ExpressionParser& parser, std::string_view word) {
    Stmt* statement = before();
    if (statement == nullptr) return unreadable(add(StmtKind::kPass, parser.token()), word);
    if (word == "except" && statement->kind == StmtKind::kTry) {
      parser.accept('*');
      while (!parser.at_end() && !parser.is(':')) {
        parser.list();
        if (!parser.accept_name("as")) break;
      }
      statement->handlers.emplace_back();
      return suite(parser, statement->handlers.back());
    }
    if (word == "finally") return suite(parser, statement->last);
    if (word == "elif" && chain_ != nullptr && statement->kind == StmtKind::kIf) {
      Stmt* last = statement;
      while (last->text == "elif" && last->orelse.size() == 1) {
        last = const_cast<Stmt*>(last->orelse[0]);
      }
      // `text` marks an `if` whose `orelse` is one `elif`.
      Stmt& made = syntax_.statements_.emplace_back();
      made.kind = StmtKind::kIf;
      made.line = parser.line();
      made.values.push_back(parser.expression());
      last->orelse.push_back(&made);
      last->text = "elif";
      return suite(parser, made.body);
    }
    while (statement->kind == StmtKind::kIf && statement->text == "elif" &&
           statement->orelse.size() == 1) {
      statement = const_cast<Stmt*>(statement->orelse[0]);
    }
    suite(parser, statement->orelse);
  }

  void with(ExpressionParser& parser, const Token& first) {
    Stmt& made = add(StmtKind::kWith, first);
    // `with (a as b, c as d):` has brackets that are no tuple.
    const std::size_t begin = parser.position();
    bool brackets = false;
    if (parser.is('(')) {
      parser.skip();
      parser.expression();
      brackets = parser.is_name("as");
      parser.seek(begin);
    }
    if (brackets) parser.skip();
    do {
      if (parser.at_end() || parser.is(')')) break;
      made.values.push_back(parser.expression());
      made.values.push_back(parser.accept_name("as") ? parser.targets() : nullptr);
    } while (parser.accept(','));
    if (brackets) parser.accept(')');
    suite(parser, made.body);
  }

  bool definition(ExpressionParser& parser, const Token& first) {
    Stmt& made = add(StmtKind::kFunction, first);
    made.text = parser.token().text();
    made.decorators = std::exchange(decorators_, {});
    parser.skip();
    if (parser.is('[')) {
      int open = 0;
      do {
        if (parser.token().opens()) ++open;
        if (parser.token().closes()) --open;
        parser.skip();
      } while (open > 0 && !parser.at_end());
    }
    if (parser.accept('(')) parameters(parser, made);
    if (parser.accept(')') && parser.accept(kArrow)) parser.expression();
    made.column = tokenizer_.column();
    if (parser.is(':') && parser.position() + 1 == tokenizer_.tokens().size()) {
      made.begin = tokenizer_.position();
      if (!tokenizer_.skip_block(made.column, "def")) {
        fail(tokenizer_.error() ? tokenizer_.error()->message : "a block that does not end");
        return false;
      }
      const std::string_view body(made.begin,
                                  static_cast<std::size_t>(tokenizer_.position() - made.begin));
      made.generator = body.find("yield") != std::string_view::npos;
    } else {
      suite(parser, made.body);
    }
    return true;
  }

  static void parameters(ExpressionParser& parser, Stmt& function) {
    bool named = false;
    while (!parser.at_end() && !parser.is(')')) {
      Parameter parameter;
      if (parser.accept('/')) {
        parser.accept(',');
        continue;
      }
      if (parser.is(kDoubled)) {
        parser.skip();
        parameter.kind = Parameter::Kind::kNamedRest;
      } else if (parser.accept('*')) {
        if (parser.accept(',')) {
          named = true;
          continue;
        }
        parameter.kind = Parameter::Kind::kRest;
        named = true;
      } else if (named) {
        parameter.kind = Parameter::Kind::kNamedOnly;
      }
      if (parser.at_end() || !parser.token().is_name()) return;
      parameter.name = parser.token().text();
      parser.skip();
      if (parser.accept(':')) parser.expression();
      if (parser.accept('=')) parameter.fallback = parser.expression();
      function.parameters.push_back(parameter);
      if (!parser.accept(',')) break;
    }
  }

  void class_definition(ExpressionParser& parser, const Token& first) {
    Stmt& made = add(StmtKind::kClass, first);
    decorators_.clear();
    if (parser.at_end()) return unreadable(made, "a class");
    made.text = parser.token().text();
    parser.skip();
    if (parser.is('(')) {
      Expr* name = parser.make(ExprKind::kName);
      name->text = made.text;
      parser.accept('(');
      while (!parser.at_end() && !parser.is(')')) {
        if (parser.token().is_name() && parser.position() + 1 < tokenizer_.tokens().size() &&
            tokenizer_.tokens()[parser.position() + 1].is('=')) {
          parser.skip();
          parser.skip();
          parser.expression();
        } else {
          made.values.push_back(parser.expression());
        }
        if (!parser.accept(',')) break;
      }
      parser.accept(')');
    }
    suite(parser, made.body);
  }

  void simple_statements(ExpressionParser& parser) {
    while (!parser.at_end()) {
      simple_statement(parser);
      if (!parser.accept(';')) break;
    }
    if (parser.at_end()) return;
    Stmt& made = syntax_.statements_.emplace_back();
    made.kind = StmtKind::kUnreadable;
    made.text = "a statement";
    made.line = parser.line();
    blocks_.back().body->push_back(&made);
  }

  void simple_statement(ExpressionParser& parser) {
    const Token& first = parser.token();
    const std::string_view word = first.is_name() ? first.text() : std::string_view{};
    const auto only = [&](StmtKind kind) {
      add(kind, first);
      parser.skip();
    };
    if (word == "pass") return only(StmtKind::kPass);
    if (word == "break") return only(StmtKind::kBreak);
    if (word == "continue") return only(StmtKind::kContinue);
    if (word == "return" || word == "del" || word == "raise" || word == "assert") {
      Stmt& made = add(word == "return"  ? StmtKind::kReturn
                       : word == "del"   ? StmtKind::kDelete
                       : word == "raise" ? StmtKind::kRaise
                                         : StmtKind::kAssert,
                       first);
      parser.skip();
      if (!parser.at_end() && !parser.is(';')) made.values.push_back(parser.list());
      if (word == "raise" && parser.accept_name("from")) parser.expression();
      if (word == "assert" && parser.accept(',')) parser.expression();
      return;
    }
    if (word == "global" || word == "nonlocal") {
      Stmt& made = add(StmtKind::kGlobal, first);
      parser.skip();
      while (!parser.at_end() && parser.token().is_name()) {
        made.names.push_back(parser.token().text());
        parser.skip();
        if (!parser.accept(',')) break;
      }
      return;
    }
    if (word == "import") return import(parser, first);
    if (word == "from") return from(parser, first);
    assignment(parser, first);
  }

  static std::string dotted_name(ExpressionParser& parser) {
    std::string name;
    while (!parser.at_end() &&
           (parser.token().is_name() || parser.is('.') || parser.is(kEllipsis))) {
      if (parser.is_name("import") || parser.is_name("as")) break;
      name += parser.token().text();
      parser.skip();
    }
    return name;
  }

  void import(ExpressionParser& parser, const Token& first) {
    Stmt& made = add(StmtKind::kImport, first);
    parser.skip();
    do {
      Stmt::Import one;
      one.name = dotted_name(parser);
      one.as = one.name.substr(0, one.name.find('.'));
      if (parser.accept_name("as")) {
        one.as = dotted_name(parser);
        one.renamed = true;
      }
      made.imports.push_back(std::move(one));
    } while (parser.accept(','));
  }

  void from(ExpressionParser& parser, const Token& first) {
    Stmt& made = add(StmtKind::kFrom, first);
    parser.skip();
    Stmt::Import module;
    module.name = dotted_name(parser);
    module.as = module.name;
    made.imports.push_back(std::move(module));
    parser.accept_name("import");
    const bool brackets = parser.accept('(');
    do {
      Stmt::Import one;
      if (parser.accept('*')) {
        one.name = "*";
      } else {
        if (parser.at_end() || !parser.token().is_name()) break;
        one.name = dotted_name(parser);
      }
      one.as = one.name;
      if (parser.accept_name("as")) one.as = dotted_name(parser);
      made.imports.push_back(std::move(one));
    } while (parser.accept(','));
    if (brackets) parser.accept(')');
  }

  void assignment(ExpressionParser& parser, const Token& first) {
    const Expr* value = parser.list();
    if (parser.is(kAugmented)) {
      Stmt& made = add(StmtKind::kInPlace, first);
      made.text = parser.token().text();
      made.text.remove_suffix(1);
      parser.skip();
      made.values = {value, parser.list()};
      return;
    }
    if (parser.accept(':')) {
      parser.expression();
      if (!parser.is('=')) {
        add(StmtKind::kPass, first);
        return;
      }
    }
    if (!parser.is('=')) {
      add(StmtKind::kExpression, first).values.push_back(value);
      return;
    }
    Stmt& made = add(StmtKind::kAssign, first);
    made.values.push_back(value);
    while (parser.accept('=')) made.values.push_back(parser.list());
  }

  Syntax& syntax_;
  PythonTokenizer tokenizer_;
  int header_;
  std::vector<Block> blocks_;
  Body* opened_ = nullptr;
  Stmt* chain_ = nullptr;
  std::vector<const Expr*> decorators_;
};

Syntax::Syntax(PythonSource source) : source_(std::move(source)) {
  const char* begin = source_.buffer.data();
  const char* end = begin + source_.size;
  lines_.push_back(begin);
  for (const char* p = begin; p < end;) {
    p = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end - p))) + 1;
    lines_.push_back(p);
  }
  StatementParser(*this, begin, -1).read(module_);
}

const Body& Syntax::body_of(const Stmt& function) {
  if (function.begin == nullptr) return function.body;
  for (const auto& [known, body] : bodies_) {
    if (known == &function) return body;
  }
  auto& [known, body] = bodies_.emplace_back(&function, Body{});
  StatementParser(*this, function.begin, function.column).read(body);
  return body;
}

int Syntax::line_of(const char* place) const {
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), place);
  return static_cast<int>(after - lines_.begin());
}

}  // namespace drift::migrations
