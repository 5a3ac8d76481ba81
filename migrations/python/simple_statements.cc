#include "migrations/python/statement_parser.h"

// https://docs.python.org/3/reference/simple_stmts.html

namespace drift::migrations {

void StatementParser::simple_statements(Tokens tokens) {
  ExpressionParser parser(syntax_, tokens);
  while (!parser.at_end() && !failed_) {
    const std::size_t begin = parser.position();
    if (parser.accept(';')) continue;
    Stmt& made = add(StmtKind::kExpression, parser.token());
    simple_statement(parser, made);
    if (!parser.at_end() && !parser.is(';')) {
      // Python 2's print among it.
      Stmt& rest = add(StmtKind::kUnreadable, parser.token());
      rest.text = "a statement";
      const std::size_t from = parser.position();
      for (int open = 0; !parser.at_end() && (open > 0 || !parser.is(';')); parser.skip()) {
        open += parser.token().opens() - parser.token().closes();
      }
      rest.tokens = parser.since(from);
    }
    if (made.kind != StmtKind::kAssign && made.tokens.empty()) made.tokens = parser.since(begin);
  }
}

void StatementParser::simple_statement(ExpressionParser& parser, Stmt& made) {
  const std::string_view word = parser.is_name() ? parser.token().text() : std::string_view{};
  if (word.empty() || !keyword_statement(parser, made, word)) assignment(parser, made);
}

bool StatementParser::keyword_statement(ExpressionParser& parser, Stmt& made,
                                        std::string_view word) {
  const auto only = [&](StmtKind kind) {
    made.kind = kind;
    parser.skip();
    return true;
  };
  switch (word[0]) {
    case 'a':
    case 'd':
    case 'r':
      if (word == "def") break;
      if (!is_any(word, {"return", "del", "raise", "assert"})) return false;
      only(word == "return"  ? StmtKind::kReturn
           : word == "del"   ? StmtKind::kDelete
           : word == "raise" ? StmtKind::kRaise
                             : StmtKind::kAssert);
      if (!parser.at_end() && !parser.is(';')) values(made, {parser.list()});
      if (word == "raise" && parser.accept_name("from")) parser.expression();
      return true;
    case 'p': return word == "pass" && only(StmtKind::kPass);
    case 'b': return word == "break" && only(StmtKind::kBreak);
    case 'g':
    case 'n': {
      if (word != "global" && word != "nonlocal") return false;
      only(StmtKind::kGlobal);
      std::vector<std::string_view> names;
      while (parser.is_name()) {
        names.push_back(parser.token().text());
        parser.skip();
        if (!parser.accept(',')) break;
      }
      made.names = syntax_.copy(names.data(), names.size());
      return true;
    }
    case 'i':
      if (word == "if") break;
      if (word != "import") return false;
      only(StmtKind::kImport);
      return imports(parser, made, false);
    case 'f':
      if (word == "for") break;
      if (word != "from") return false;
      only(StmtKind::kFrom);
      return imports(parser, made, true);
    case 't': {
      if (word == "try") break;
      if (word != "type" || !is_type(parser)) return false;
      only(StmtKind::kType);
      made.text = parser.token().text();
      parser.skip();
      const std::size_t begin = parser.position();
      if (parser.is('[')) parser.expression();
      if (parser.accept('=')) parser.expression();
      made.tokens = parser.since(begin);
      return true;
    }
    case 'c':
      if (word == "class") break;
      return word == "continue" && only(StmtKind::kContinue);
    case 'w':
      if (word == "while") break;
      return false;
    default: return false;
  }
  fail("invalid syntax", made.place);
  return true;
}

bool StatementParser::is_type(ExpressionParser& parser) {
  const std::size_t at = parser.position();
  parser.skip();
  const bool found = parser.is_name() && (parser.is_before('=') || parser.is_before('['));
  parser.seek(at);
  return found;
}

std::string_view StatementParser::dotted_name(ExpressionParser& parser) {
  const std::size_t from = parser.position();
  bool plain = true;
  while ((parser.is_name() || parser.is('.') || parser.is(kEllipsis)) &&
         !parser.is_name("import") && !parser.is_name("as")) {
    parser.skip();
  }
  const Tokens parts = parser.since(from);
  if (parts.empty()) return {};
  // White space may stand between them.
  for (std::size_t i = 1; i < parts.size(); ++i) {
    plain = plain && parts[i].begin == parts[i - 1].begin + parts[i - 1].size;
  }
  const char* const end = parts.back().begin + parts.back().size;
  if (plain) return {parts[0].begin, static_cast<std::size_t>(end - parts[0].begin)};
  std::string joined;
  for (const Token& part : parts) joined += part.text();
  return syntax_.keep(joined);
}

bool StatementParser::imports(ExpressionParser& parser, Stmt& made, bool from) {
  imports_.clear();
  bool brackets = false;
  if (from) {
    Import module;
    module.name = module.as = dotted_name(parser);
    if (module.name.empty() || !parser.accept_name("import")) {
      fail("invalid syntax", made.place);
      return true;
    }
    imports_.push_back(module);
    brackets = parser.accept('(');
  }
  do {
    if (parser.at_end() || (!parser.is_name() && !parser.is('*'))) break;
    Import one;
    one.place = parser.token().begin;
    if (from && parser.accept('*')) {
      one.name = "*";
    } else {
      one.name = dotted_name(parser);
    }
    if (one.name.empty()) break;
    one.as = from ? one.name : one.name.substr(0, one.name.find('.'));
    if (parser.accept_name("as") && parser.is_name()) {
      one.place = parser.token().begin;
      one.as = dotted_name(parser);
      one.renamed = true;
    }
    imports_.push_back(one);
  } while (parser.accept(','));
  if (brackets) parser.accept(')');
  made.imports = syntax_.copy(imports_.data(), imports_.size());
  return true;
}

void StatementParser::assignment(ExpressionParser& parser, Stmt& made) {
  const std::size_t from = syntax_.items_.size();
  const Expr* value = parser.list();
  if (parser.is(kAugmented)) {
    made.kind = StmtKind::kInPlace;
    made.text = parser.token().text();
    made.text.remove_suffix(1);
    parser.skip();
    values(made, {value, parser.list()});
    return;
  }
  if (parser.accept(':')) {
    const std::size_t begin = parser.position();
    // What it says is nobody's business.
    for (int open = 0, lambdas = 0; !parser.at_end(); parser.skip()) {
      const Token& token = parser.token();
      if (token.kind == TokenKind::kOperator) {
        if (open == 0 && (token.op == ';' || (token.op == '=' && lambdas == 0))) break;
        open += token.opens() - token.closes();
        lambdas -= token.op == ':' && open == 0;
      } else if (token.is_name("lambda")) {
        ++lambdas;
      }
    }
    made.tokens = parser.since(begin);
    made.kind = StmtKind::kPass;
  }
  if (!parser.is('=')) {
    values(made, {value});
    return;
  }
  made.kind = StmtKind::kAssign;
  syntax_.items_.push_back(value);
  while (parser.accept('=')) syntax_.items_.push_back(parser.list());
  values(made, from);
}

}  // namespace drift::migrations
