#include "migrations/python/statement_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

// https://docs.python.org/3/reference/compound_stmts.html

namespace drift::migrations {
namespace {

// What begins a line that begins with no name: of an expression, or a decorator.
bool begins_statement(const Token& token) {
  if (token.kind != TokenKind::kOperator) return true;
  return token.op == kEllipsis || std::strchr("([{-+~@*`", token.op) != nullptr;
}

}  // namespace

bool StatementParser::read(Body& into) {
  blocks_.push_back({std::max(header_, 0), &into});
  if (header_ >= 0) open(into, "def");
  bool inside = true;
  try {
    while (inside && !failed_ && tokenizer_.next_line()) {
      const std::span<const Token> read = tokenizer_.tokens();
      end_ = read[0].begin;
      inside = tokenizer_.column() > header_;
      if (inside && place_line(tokenizer_.column(), end_)) {
        if (syntax_.is_full()) fail("the file is too long", end_);
        line(syntax_.copy(read.data(), read.size()));
      }
    }
  } catch (const PythonTokenizer::Error& error) {
    fail(error.message, error.where);
  }
  if (inside) end_ = tokenizer_.position();
  if (failed_) return false;
  const char* const last = syntax_.source_.text().data() + syntax_.source_.size - 1;
  const char* const end = inside ? last : end_;
  if (opened_ != nullptr) fail(expected_block(), end);
  for (; !blocks_.empty(); blocks_.pop_back()) check_chain(end);
  return !failed_;
}

void StatementParser::fail(std::string message, const char* place) {
  failed_ = true;
  if (!syntax_.error_) {
    syntax_.error_ = PythonSource::Error{std::move(message), syntax_.line_of(place)};
  }
}

std::string StatementParser::expected_block() const {
  return fmt::format("expected an indented block after '{}'", opened_by_);
}

// Opens and closes blocks until the line of that column stands in the last one.
bool StatementParser::place_line(int column, const char* place) {
  if (opened_ != nullptr) {
    if (column <= blocks_.back().column) {
      fail(expected_block(), place);
    } else if (blocks_.size() > PythonTokenizer::kMaxIndentations) {
      fail("too many levels of indentation", place);
    } else {
      blocks_.push_back({column, opened_, opened_by_ == "match"});
    }
    opened_ = nullptr;
    return !failed_;
  }
  if (column > blocks_.back().column) fail("unexpected indent", place);
  while (column < blocks_.back().column) {
    check_chain(place);
    blocks_.pop_back();
  }
  if (column != blocks_.back().column) {
    fail("unindent does not match any outer indentation", place);
  }
  return !failed_;
}

// A `try` alone is no statement.
void StatementParser::check_chain(const char* place) {
  const Block& block = blocks_.back();
  if (block.chain != nullptr && block.chain->kind == StmtKind::kTry && !block.handled) {
    fail("expected 'except' or 'finally'", place);
  }
}

void StatementParser::append(Body& body, Stmt& made) {
  (body.first == nullptr ? body.first : body.end->next) = &made;
  body.end = &made;
}

Stmt& StatementParser::make(StmtKind kind, const Token& at) {
  Stmt& made = *syntax_.make<Stmt>();
  made.kind = kind;
  made.place = at.begin;
  return made;
}

Stmt& StatementParser::add(StmtKind kind, const Token& at) {
  Stmt& made = make(kind, at);
  append(*blocks_.back().body, made);
  return made;
}

void StatementParser::values(Stmt& made, std::initializer_list<const Expr*> read) {
  made.values = syntax_.copy(read.begin(), read.size());
}

// Those that were put aside since there were `from`.
void StatementParser::values(Stmt& made, std::size_t from) {
  made.values = syntax_.copy(syntax_.items_.data() + from, syntax_.items_.size() - from);
  syntax_.items_.resize(from);
}

void StatementParser::line(Tokens tokens) {
  const Token& first = tokens[0];
  if (!begins_statement(first)) {
    const std::string_view line = syntax_.line_at(first.begin);
    const bool marker = line.starts_with("<<<<<<<") || line.starts_with("=======") ||
                        line.starts_with(">>>>>>>") || line.starts_with("|||||||");
    return marker ? fail("a merge conflict is not resolved", first.begin)
                  : fail("invalid syntax", first.begin);
  }
  if (first.is_name() && compound(tokens)) return;
  begin_statement(first, false);
  if (failed_) return;
  if (!first.is('@')) return simple_statements(tokens);
  ExpressionParser parser(syntax_, tokens.subspan(1));
  decorators_.push_back(parser.expression());
  add(StmtKind::kDecorator, first).tokens = tokens;
}

void StatementParser::begin_statement(const Token& first, bool is_case) {
  check_chain(first.begin);
  if (blocks_.back().match && !is_case) fail("expected 'case'", first.begin);
  blocks_.back().chain = nullptr;
}

// The colon before the suite: the first one outside brackets that belongs to no lambda.
std::size_t StatementParser::suite_colon(Tokens tokens) {
  int open = 0, lambdas = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kOperator) {
      if (token.opens()) ++open;
      if (token.closes()) --open;
      if (open == 0 && token.op == ':' && lambdas-- == 0) return i;
    } else if (open == 0 && token.is_name("lambda")) {
      ++lambdas;
    }
  }
  fail(fmt::format("expected ':' after '{}'", tokens[0].text()), tokens[0].begin);
  return 0;
}

// What stands after the colon of a header: simple statements, or a block in the next lines.
void StatementParser::suite(Tokens tokens, std::size_t colon, Body& body) {
  body.place = tokens[0].begin;
  if (colon + 1 == tokens.size()) return open(body, tokens[0].text());
  if (tokens[0].is_name("match")) {
    return fail("expected an indented block after 'match'", tokens[0].begin);
  }
  blocks_.push_back({blocks_.back().column, &body});
  simple_statements(tokens.subspan(colon + 1));
  blocks_.pop_back();
}

void StatementParser::open(Body& body, std::string_view keyword) {
  opened_ = &body;
  opened_by_ = keyword;
}

// False where the line begins no compound statement.
bool StatementParser::compound(Tokens tokens) {
  const std::string_view first = tokens[0].text();
  std::string_view word = first;
  // No keyword of this kind is longer, or shorter than "if".
  if (word.size() < 2 || word.size() > 7) return false;
  const bool async = word == "async";
  if (async) {
    // A name, before Python 3.7.
    if (tokens.size() < 2 || !is_any(tokens[1].text(), {"def", "for", "with"})) return false;
    tokens = tokens.subspan(1);
    word = tokens[0].text();
  }
  const bool continues = is_any(word, {"elif", "else", "except", "finally"});
  if (!continues) {
    // `match` and `case` are names too. Only a header ends in a colon; only in a `match` is there
    // a `case`, which may have its suite on its line.
    if (word == "match") {
      if (tokens.size() < 3 || !tokens.back().is(':')) return false;
    } else if (word == "case") {
      if (!blocks_.back().match) return false;
    } else if (!is_any(word, {"def", "class", "if", "for", "try", "with", "while"})) {
      return false;
    }
    begin_statement(tokens[0], word == "case");
    if (failed_) return true;
  }
  const std::size_t colon = word == "match" ? tokens.size() - 1 : suite_colon(tokens);
  if (failed_) return true;
  const Tokens head = tokens.subspan(1, colon - 1);
  if (continues) {
    continuation(tokens, head, word);
    return true;
  }
  if (word == "def" || word == "class") {
    definition(tokens, head, word == "class");
    return true;
  }
  const bool condition = word == "if" || word == "while";
  if (head.empty() && (condition || word == "for")) {
    fail("invalid syntax", tokens[0].begin);
    return true;
  }
  Stmt& made = add(word == "if"      ? StmtKind::kIf
                   : word == "while" ? StmtKind::kWhile
                   : word == "for"   ? StmtKind::kFor
                   : word == "try"   ? StmtKind::kTry
                   : word == "with"  ? StmtKind::kWith
                   : word == "match" ? StmtKind::kMatch
                                     : StmtKind::kCase,
                   tokens[0]);
  made.tokens = head;
  ExpressionParser parser(syntax_, head);
  if (condition) {
    values(made, {parser.expression()});
  } else if (word == "for") {
    const Expr* target = parser.targets();
    if (!parser.accept_name("in")) {
      fail("invalid syntax", tokens[0].begin);
      return true;
    }
    values(made, {target, parser.list()});
  } else if (word == "with") {
    managers(parser, made);
  }
  if (word != "with" && word != "match" && word != "case") {
    blocks_.back().chain = &made;
    blocks_.back().handled = false;
  }
  suite(tokens, colon, made.body);
  return true;
}

void StatementParser::continuation(Tokens tokens, Tokens head, std::string_view word) {
  Stmt* const chain = blocks_.back().chain;
  const StmtKind kind = chain == nullptr ? StmtKind::kPass : chain->kind;
  const bool is_if = kind == StmtKind::kIf;
  const bool is_try = kind == StmtKind::kTry;
  const bool handled = is_try && blocks_.back().handled;
  const bool fits = word == "elif"   ? is_if
                    : word == "else" ? handled || (chain != nullptr && !is_try)
                                     : is_try;
  if (!fits) {
    return fail(fmt::format("'{}' continues no statement", word), tokens[0].begin);
  }
  if (word == "elif" ? head.empty() : word != "except" && !head.empty()) {
    return fail("invalid syntax", tokens[0].begin);
  }
  if (word == "elif") {
    Stmt& made = make(StmtKind::kIf, tokens[0]);
    made.tokens = head;
    values(made, {ExpressionParser(syntax_, head).expression()});
    append(chain->orelse, made);
    blocks_.back().chain = &made;
    return suite(tokens, head.size() + 1, made.body);
  }
  if (word == "except") {
    blocks_.back().handled = true;
    Stmt& made = make(StmtKind::kHandler, tokens[0]);
    made.tokens = head;
    // "except E as name", and "except E, name" in Python 2.
    if (head.size() > 2 && head.back().is_name() &&
        (head[head.size() - 2].is_name("as") || head[head.size() - 2].is(','))) {
      made.text = head.back().text();
    }
    append(chain->handlers, made);
    return suite(tokens, head.size() + 1, made.body);
  }
  // After `else` a `try` may still have its `finally`.
  if (!handled || word == "finally") blocks_.back().chain = nullptr;
  suite(tokens, 1, word == "finally" ? chain->last : chain->orelse);
}

void StatementParser::managers(ExpressionParser& parser, Stmt& made) {
  // `with (a as b, c as d):` has brackets that are no tuple.
  bool brackets = false;
  if (parser.is('(')) {
    parser.skip();
    parser.expression();
    brackets = parser.is_name("as");
    parser.seek(brackets ? 1 : 0);
  }
  const std::size_t from = syntax_.items_.size();
  do {
    if (parser.at_end() || parser.is(')')) break;
    const Expr* manager = parser.expression();
    const Expr* target = parser.accept_name("as") ? parser.target() : nullptr;
    syntax_.items_.push_back(manager);
    syntax_.items_.push_back(target);
  } while (parser.accept(','));
  values(made, from);
}

void StatementParser::definition(Tokens tokens, Tokens head, bool is_class) {
  if (head.empty() || !head[0].is_name()) return fail("invalid syntax", tokens[0].begin);
  Stmt& made = add(is_class ? StmtKind::kClass : StmtKind::kFunction, tokens[0]);
  made.text = head[0].text();
  made.tokens = head.subspan(1);
  made.column = tokenizer_.column();
  made.decorators = syntax_.copy(decorators_.data(), decorators_.size());
  decorators_.clear();
  if (head.size() > 3) {
    ExpressionParser parser(syntax_, head.subspan(1));
    if (parser.is('[')) parser.expression();  // the types that it is generic in
    if (parser.accept('(')) is_class ? bases(parser, made) : parameters(parser, made);
  }
  if (head.size() + 2 < tokens.size()) return suite(tokens, head.size() + 1, made.body);
  made.begin = tokenizer_.position();
  tokenizer_.skip_block(made.column, tokens[0].text());
}

void StatementParser::parameters(ExpressionParser& parser, Stmt& function) {
  std::vector<Parameter> found;
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
    if (!parser.is_name()) break;
    parameter.name = parser.token().text();
    parser.skip();
    if (parser.accept(':')) parser.expression();
    if (parser.accept('=')) parameter.fallback = parser.expression();
    found.push_back(parameter);
    if (!parser.accept(',')) break;
  }
  function.parameters = syntax_.copy(found.data(), found.size());
}

void StatementParser::bases(ExpressionParser& parser, Stmt& made) {
  const std::size_t from = syntax_.items_.size();
  while (!parser.at_end() && !parser.is(')')) {
    const bool named = parser.is_name() && parser.is_before('=');
    if (named) parser.seek(parser.position() + 2);
    const Expr* base = parser.expression();
    if (!named) syntax_.items_.push_back(base);
    if (!parser.accept(',')) break;
  }
  values(made, from);
}

}  // namespace drift::migrations
