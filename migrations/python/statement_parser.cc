#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "migrations/python/characters.h"
#include "migrations/python/parser.h"

// https://docs.python.org/3/reference/simple_stmts.html
// https://docs.python.org/3/reference/compound_stmts.html

namespace drift::migrations {
namespace {

// What begins a line that begins with no name: of an expression, or a decorator.
bool begins_statement(const Token& token) {
  if (token.kind != TokenKind::kOperator) return true;
  return token.op == kEllipsis || std::strchr("([{-+~@*`", token.op) != nullptr;
}

// What stands between the keyword of a compound statement and its colon.
enum class Header : std::uint8_t { kNone, kEmpty, kFull, kAny };

}  // namespace

struct StatementParser::Keyword {
  std::string_view word;
  StmtKind kind;
  Header header = Header::kNone;    // kNone: of a simple statement
  Body Stmt::*continues = nullptr;  // of the statement before it; kPass: without one of its own
};

const StatementParser::Keyword* StatementParser::keyword() const {
  static constexpr Keyword kKeywords[] = {
      {"def", StmtKind::kFunction, Header::kFull},
      {"from", StmtKind::kFrom},
      {"import", StmtKind::kImport},
      {"if", StmtKind::kIf, Header::kFull},
      {"for", StmtKind::kFor, Header::kFull},
      {"return", StmtKind::kReturn},
      {"with", StmtKind::kWith, Header::kFull},
      {"else", StmtKind::kPass, Header::kEmpty, &Stmt::orelse},
      {"elif", StmtKind::kIf, Header::kFull, &Stmt::orelse},
      {"class", StmtKind::kClass, Header::kFull},
      {"try", StmtKind::kTry, Header::kEmpty},
      {"except", StmtKind::kHandler, Header::kAny, &Stmt::handlers},
      {"finally", StmtKind::kPass, Header::kEmpty, &Stmt::last},
      {"while", StmtKind::kWhile, Header::kFull},
      {"match", StmtKind::kMatch, Header::kFull},
      {"case", StmtKind::kCase, Header::kFull},
      {"pass", StmtKind::kPass},
      {"raise", StmtKind::kRaise},
      {"assert", StmtKind::kAssert},
      {"del", StmtKind::kDelete},
      {"global", StmtKind::kGlobal},
      {"nonlocal", StmtKind::kGlobal},
      {"type", StmtKind::kType},
      {"break", StmtKind::kBreak},
      {"continue", StmtKind::kContinue},
  };
  const std::string_view word = token().text();
  if (!is_name() || word.size() < 2 || word.size() > 8) return nullptr;
  const Keyword* const found = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                            [&](const Keyword& one) { return one.word == word; });
  if (found == std::end(kKeywords)) return nullptr;
  // Three are names too. Only a header ends in a colon; only in a `match` is there a `case`, which
  // may have its suite on its line.
  const bool means_it = found->kind == StmtKind::kMatch
                            ? tokens_.size() > 2 && tokens_.back().is(':')
                        : found->kind == StmtKind::kCase ? blocks_.back().match
                        : found->kind == StmtKind::kType
                            ? token(1).is_name() && (token(2).is('=') || token(2).is('['))
                            : true;
  return means_it ? found : nullptr;
}

bool StatementParser::read(Body& into) {
  blocks_.push_back({std::max(header_, 0), &into});
  if (header_ >= 0) opened_ = &into;
  bool inside = true;
  while (inside && !failed_ && tokenizer_.next_line()) {
    const std::span<const Token> read = tokenizer_.tokens();
    end_ = read[0].begin;
    inside = tokenizer_.column() > header_;
    if (inside && place_line(tokenizer_.column(), end_)) {
      if (syntax_.is_full()) fail("the file is too long", end_);
      tokens_ = syntax_.copy(read);
      next_ = 0;
      line();
    }
  }
  if (tokenizer_.error()) fail(tokenizer_.error()->message, tokenizer_.error()->where);
  if (inside) end_ = tokenizer_.position();
  if (failed_) return false;
  const char* const last = syntax_.source_.text().data() + syntax_.source_.size - 1;
  const char* const end = inside ? last : end_;
  if (opened_ != nullptr) fail_unindented(end);
  for (; !blocks_.empty(); blocks_.pop_back()) check_chain(end);
  return !failed_;
}

void StatementParser::fail(std::string message, const char* place) {
  failed_ = true;
  if (!syntax_.error_) {
    syntax_.error_ = PythonSource::Error{std::move(message), syntax_.line_of(place)};
  }
}

void StatementParser::fail_unindented(const char* place) {
  fail(fmt::format("expected an indented block after '{}'", keyword_at(opened_->place)), place);
}

// Opens and closes blocks until the line of that column stands in the last one.
bool StatementParser::place_line(int column, const char* place) {
  if (opened_ != nullptr) {
    if (column <= blocks_.back().column) {
      fail_unindented(place);
    } else if (blocks_.size() > PythonTokenizer::kMaxIndentations) {
      fail("too many levels of indentation", place);
    }
    blocks_.push_back({column, opened_, keyword_at(opened_->place) == "match"});
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
  const Stmt* const chain = blocks_.back().chain;
  if (chain != nullptr && chain->kind == StmtKind::kTry && chain->handlers.empty()) {
    fail("expected 'except' or 'finally'", place);
  }
}

Stmt& StatementParser::add(StmtKind kind, const Token& at, Body& to) {
  Stmt& made = syntax_.make<Stmt>();
  made.kind = kind;
  made.place = at.begin;
  (to.first == nullptr ? to.first : to.end->next) = &made;
  to.end = &made;
  return made;
}

void StatementParser::line() {
  const char* const place = token().begin;
  if (!begins_statement(token())) {
    const std::string_view line = syntax_.line_at(place);
    const bool marker =
        std::strchr("<=>|", line[0]) != nullptr && line.find_first_not_of(line[0]) > 6;
    return fail(marker ? "a merge conflict is not resolved" : "invalid syntax", place);
  }
  // A name, before Python 3.7.
  next_ = is_name("async") &&
          (token(1).is_name("def") || token(1).is_name("for") || token(1).is_name("with"));
  const Keyword* const found = keyword();
  const bool is_compound = found != nullptr && found->header != Header::kNone;
  if (!is_compound || found->continues == nullptr) {
    check_chain(place);
    if (blocks_.back().match && (!is_compound || found->kind != StmtKind::kCase))
      fail("expected 'case'", place);
    if (failed_) return;
    blocks_.back().chain = nullptr;
  }
  if (is_compound) return compound(*found);
  if (!is('@')) return simple_statements();
  add(StmtKind::kDecorator).tokens = tokens_;
  skip();
  decorators_.push_back(expression());
}

void StatementParser::compound(const Keyword& keyword) {
  const Token& first = token();
  const std::span<const Token> line = tokens_;
  skip();
  const std::size_t begin = next_;
  skip_to(":");
  if (at_end()) return fail(fmt::format("expected ':' after '{}'", keyword.word), first.begin);
  const std::size_t suite = next_ + 1;
  tokens_ = line.first(next_);
  next_ = begin;
  if (!fits(keyword)) {
    return fail(fmt::format("'{}' continues no statement", keyword.word), first.begin);
  }
  if (keyword.header != Header::kAny && at_end() != (keyword.header == Header::kEmpty)) {
    return fail("invalid syntax", first.begin);
  }

  Stmt*& chain = blocks_.back().chain;
  Stmt* made = nullptr;
  Body* body = keyword.continues != nullptr ? &(chain->*keyword.continues) : blocks_.back().body;
  if (keyword.kind == StmtKind::kPass) {
    // After `else` a `try` may still have its `finally`.
    if (chain->kind != StmtKind::kTry || body == &chain->last) chain = nullptr;
  } else {
    made = &add(keyword.kind, first, *body);
    body = &made->body;
    made->tokens = tokens_.subspan(begin);
    header(*made);
  }
  tokens_ = line;
  next_ = suite;
  body->place = first.begin;
  if (!at_end()) {
    blocks_.push_back({blocks_.back().column, body});
    simple_statements();
    blocks_.pop_back();
  } else if (keyword.kind == StmtKind::kFunction || keyword.kind == StmtKind::kClass) {
    made->begin = tokenizer_.position();
    tokenizer_.skip_block(made->column, keyword.word);
  } else {
    opened_ = body;
  }
}

// Whether the statement before it goes on with this keyword, if it must.
bool StatementParser::fits(const Keyword& keyword) const {
  if (keyword.continues == nullptr) return true;
  const Stmt* const chain = blocks_.back().chain;
  if (chain == nullptr) return false;
  const bool is_try = chain->kind == StmtKind::kTry;
  if (keyword.kind == StmtKind::kIf) return chain->kind == StmtKind::kIf;
  return keyword.continues == &Stmt::orelse ? !is_try || !chain->handlers.empty() : is_try;
}

void StatementParser::header(Stmt& made) {
  switch (made.kind) {
    case StmtKind::kIf:
    case StmtKind::kWhile:
      blocks_.back().chain = &made;
      made.values = syntax_.copy({expression()});
      break;
    case StmtKind::kFor: {
      blocks_.back().chain = &made;
      const Expr* const target = list(kPrimary);
      if (!accept_name("in")) return fail("invalid syntax", made.place);
      made.values = syntax_.copy({target, list()});
      break;
    }
    case StmtKind::kTry: blocks_.back().chain = &made; break;
    case StmtKind::kHandler:
      // "except E as name", and "except E, name" in Python 2.
      if (made.tokens.size() > 2 && made.tokens.back().is_name()) {
        const Token& before = made.tokens[made.tokens.size() - 2];
        if (before.is_name("as") || before.is(',')) made.text = made.tokens.back().text();
      }
      break;
    case StmtKind::kWith: managers(made); break;
    case StmtKind::kFunction:
    case StmtKind::kClass: definition(made); break;
    default: break;
  }
}

void StatementParser::managers(Stmt& made) {
  // `with (a as b, c as d):` has brackets that are no tuple.
  const std::size_t begin = next_;
  if (accept('(')) {
    expression();
    next_ = is_name("as") ? begin + 1 : begin;
  }
  do {
    if (at_end() || is(')')) break;
    syntax_.items_.push_back(expression());
    syntax_.items_.push_back(accept_name("as") ? expression(kPrimary) : nullptr);
  } while (accept(','));
  made.values = syntax_.take(syntax_.items_);
}

void StatementParser::definition(Stmt& made) {
  if (!is_name()) return fail("invalid syntax", made.place);
  made.text = token().text();
  made.tokens = made.tokens.subspan(1);
  made.column = tokenizer_.column();
  made.decorators = syntax_.take(decorators_);
  if (made.kind == StmtKind::kFunction) {
    skip();
    if (is('[')) expression();  // the types that it is generic in
    if (accept('(')) parameters(made);
    return;
  }
  // As if its name were called with its bases.
  const Expr* const called = expression(kPrimary);
  if (called->kind != ExprKind::kCall) return;
  for (std::size_t i = 0; i < called->names.size(); ++i) {
    if (called->names[i].empty()) syntax_.items_.push_back(called->items[i + 1]);
  }
  made.values = syntax_.take(syntax_.items_);
}

void StatementParser::parameters(Stmt& function) {
  std::vector<Parameter> found;
  bool named = false;
  while (!at_end() && !is(')')) {
    Parameter one;
    one.kind = named ? Parameter::Kind::kNamedOnly : Parameter::Kind::kPlain;
    if (is('*') || is(kDoubled)) {
      one.kind = is('*') ? Parameter::Kind::kRest : Parameter::Kind::kNamedRest;
      named = true;
      skip();
    } else {
      accept('/');
    }
    // Else it only parts those before it from those behind.
    if (is_name()) {
      one.name = token().text();
      skip();
      if (accept(':')) expression();
      if (accept('=')) one.fallback = expression();
      found.push_back(one);
    }
    if (!accept(',')) break;
  }
  function.parameters = syntax_.take(found);
}

void StatementParser::simple_statements() {
  while (!at_end() && !failed_) {
    if (accept(';')) continue;
    const std::size_t begin = next_;
    const Keyword* const found = keyword();
    Stmt& made = add(found != nullptr ? found->kind : StmtKind::kExpression);
    if (found == nullptr) {
      assignment(made);
    } else if (found->header != Header::kNone) {
      fail("invalid syntax", made.place);
    } else {
      skip();
      simple_statement(made);
    }
    if (!at_end() && !is(';')) {
      // Python 2's print among it.
      Stmt& rest = add(StmtKind::kUnreadable);
      rest.text = "a statement";
      const std::size_t from = next_;
      skip_to(";");
      rest.tokens = since(from);
    }
    if (made.kind != StmtKind::kAssign && made.tokens.empty()) made.tokens = since(begin);
  }
}

// What follows its keyword.
void StatementParser::simple_statement(Stmt& made) {
  switch (made.kind) {
    case StmtKind::kReturn:
    case StmtKind::kDelete:
    case StmtKind::kRaise:
    case StmtKind::kAssert:
      if (!at_end() && !is(';')) made.values = syntax_.copy({list()});
      if (made.kind == StmtKind::kRaise && accept_name("from")) expression();
      break;
    case StmtKind::kGlobal:
      while (is_name()) {
        syntax_.names_.push_back(token().text());
        skip();
        if (!accept(',')) break;
      }
      made.names = syntax_.take(syntax_.names_);
      break;
    case StmtKind::kImport:
    case StmtKind::kFrom: imports(made); break;
    case StmtKind::kType: {
      made.text = token().text();
      skip();
      const std::size_t begin = next_;
      skip_to(";");
      made.tokens = since(begin);
      break;
    }
    default: break;
  }
}

void StatementParser::assignment(Stmt& made) {
  const Expr* const first = list();
  if (is(kAugmented)) {
    made.kind = StmtKind::kInPlace;
    made.text = token().text();
    made.text.remove_suffix(1);
    skip();
    made.values = syntax_.copy({first, list()});
    return;
  }
  if (accept(':')) {
    // What it says is nobody's business.
    const std::size_t begin = next_;
    skip_to("=;:");
    made.tokens = since(begin);
    made.kind = StmtKind::kPass;
  }
  if (is('=')) made.kind = StmtKind::kAssign;
  syntax_.items_.push_back(first);
  while (accept('=')) syntax_.items_.push_back(list());
  made.values = syntax_.take(syntax_.items_);
}

void StatementParser::imports(Stmt& made) {
  const bool from = made.kind == StmtKind::kFrom;
  if (from) {
    const std::string_view module = dotted_name();
    if (module.empty() || !accept_name("import")) return fail("invalid syntax", made.place);
    Import& one = imports_.emplace_back();
    one.name = one.as = module;
    accept('(');
  }
  do {
    Import one;
    one.place = token().begin;
    one.name = from && accept('*') ? "*" : dotted_name();
    if (one.name.empty()) break;
    one.as = from ? one.name : one.name.substr(0, one.name.find('.'));
    one.renamed = accept_name("as") && is_name();
    if (one.renamed) {
      one.place = token().begin;
      one.as = dotted_name();
    }
    imports_.push_back(one);
  } while (accept(','));
  accept(')');
  made.imports = syntax_.take(imports_);
}

std::string_view StatementParser::dotted_name() {
  const std::size_t from = next_;
  std::size_t size = 0;
  while ((is_name() && !is_name("import") && !is_name("as")) || is('.') || is(kEllipsis)) {
    size += token().size;
    skip();
  }
  const std::span<const Token> parts = since(from);
  if (parts.empty()) return {};
  const std::string_view written(parts.front().begin, parts.back().begin + parts.back().size);
  if (written.size() == size) return written;
  // White space stands between them.
  std::string joined;
  for (const Token& part : parts) joined += part.text();
  return syntax_.keep(joined);
}

}  // namespace drift::migrations
