#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "migrations/python/parser.h"

// https://docs.python.org/3/reference/simple_stmts.html
// https://docs.python.org/3/reference/compound_stmts.html

namespace drift::migrations {
using enum StmtKind;

Syntax::Syntax(PythonSource source) : source_(std::move(source)) {
  lines_.reserve(64);
  lines_.push_back(source_.buffer.data());
  if (source_.error) return;
  PythonTokenizer tokenizer(source_.buffer.data(), 0);
  Parser(*this, tokenizer).read(module_);
}

const Syntax::Block& Syntax::block_of(const Stmt& definition) {
  const auto [found, is_first] = blocks_.try_emplace(&definition);
  Block& made = found->second;
  if (!is_first) return made;
  made.body = definition.body;
  if (definition.begin == nullptr) return made;
  PythonTokenizer tokenizer(definition.begin);
  made.sound = Parser(*this, tokenizer).read(made.body);
  const std::string_view text(definition.begin, tokenizer.position());
  made.generator = text.find("yield") != std::string_view::npos;
  if (!made.sound) made.body = {};
  return made;
}

int Syntax::line_of(const char* place) {
  // The end of the source is one of its last line.
  place = std::min(place, &source_.text().back());
  // As far as anybody asked. Each line has its end.
  while (lines_.back() <= place) lines_.push_back(std::strchr(lines_.back(), '\n') + 1);
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), place);
  return static_cast<int>(after - lines_.begin());
}

std::string_view Syntax::line_at(int line) const {
  const char* const begin = lines_[static_cast<std::size_t>(line - 1)];
  return {begin, std::strchr(begin, '\n')};
}

struct Parser::Keyword {
  std::string_view word;
  StmtKind kind;
  // Of one that continues a statement: where what it holds goes (kPass: without a Stmt of its
  // own), and the keywords that it may follow.
  Body Stmt::*continues = nullptr;
  std::string_view after = {};

  bool is_compound() const { return continues != nullptr || (kind >= kIf && kind <= kClass); }
};

// What the next token is, if any; else the word is empty.
const Parser::Keyword& Parser::keyword() const {
  static constexpr Keyword kNone = {"", kExpression};
  static constexpr Keyword kContinuing[] = {
      {"elif", kIf, &Stmt::orelse, "if elif"},
      {"else", kPass, &Stmt::orelse, "if elif for while except"},
      {"except", kHandler, &Stmt::handlers, "try except"},
      {"finally", kPass, &Stmt::last, "try except else"}};
  static constexpr Keyword kOthers[] = {
      {"def", kFunction},  {"from", kFrom},       {"import", kImport}, {"if", kIf},
      {"for", kFor},       {"return", kReturn},   {"with", kWith},     {"class", kClass},
      {"try", kTry},       {"while", kWhile},     {"match", kMatch},   {"case", kCase},
      {"pass", kPass},     {"raise", kRaise},     {"assert", kAssert}, {"del", kDelete},
      {"global", kGlobal}, {"nonlocal", kGlobal}, {"break", kBreak},   {"continue", kContinue},
      {"@", kDecorator}};
  const std::string_view word = token().text();
  if ((!is_name() && !is('@')) || word.size() > 8 || token(1).is('=')) return kNone;
  const auto is_it = [&](const Keyword& one) { return one.word == word; };
  const Keyword* found = std::find_if(std::begin(kOthers), std::end(kOthers), is_it);
  if (found == std::end(kOthers)) {
    found = std::find_if(std::begin(kContinuing), std::end(kContinuing), is_it);
    return found == std::end(kContinuing) ? kNone : *found;
  }
  switch (found->kind) {
    // Two are names too. Only a header ends in a colon.
    case kMatch: return tokenizer_.opens_block() ? *found : kNone;
    case kCase: return blocks_.back().opening == kMatch ? *found : kNone;
    default: return *found;
  }
}

bool Parser::read(Body& into) try {
  blocks_.push_back({.body = &into});
  while (tokenizer_.next_line()) {
    next_ = syntax_.copy(tokenizer_.tokens()).data();
    close_blocks(next_->begin);
    if (syntax_.is_full()) refuse("the file is too long", next_->begin);
    too_deep_ = false;
    line();
  }
  close_blocks(tokenizer_.position());
  return true;
} catch (const PythonError& error) {
  std::optional<PythonSource::Error>& first = syntax_.source_.error;
  if (!first) first = {error.message, syntax_.line_of(error.where)};
  return false;
}

// Those that the line at `place`, or the end, does not stand in.
void Parser::close_blocks(const char* place) {
  for (; blocks_.size() > tokenizer_.depth(); blocks_.pop_back()) check_try(place);
}

// One alone is no statement.
void Parser::check_try(const char* place) const {
  if (blocks_.back().last == "try") refuse("expected 'except' or 'finally'", place);
}

Stmt& Parser::add(StmtKind kind, const Token& at, Body& to) {
  Stmt& made = *new (syntax_.room_for<Stmt>(1)) Stmt;
  made.kind = kind;
  made.place = at.begin;
  (to.first == nullptr ? to.first : to.end->next) = &made;
  to.end = &made;
  return made;
}

void Parser::line() {
  const Token& first = token();
  if (!begins_expression() && !is('@')) {
    const bool marker = std::strchr("<=>|", *first.begin) != nullptr &&
                        std::strspn(first.begin, std::string(1, *first.begin).c_str()) > 6;
    refuse(marker ? "a merge conflict is not resolved" : "invalid syntax", first.begin);
  }
  // A name, before Python 3.7.
  next_ += is_name("async") &&
           (token(1).is_name("def") || token(1).is_name("for") || token(1).is_name("with"));
  const Keyword& found = keyword();
  Block& block = blocks_.back();
  if (found.continues == nullptr) {
    check_try(first.begin);
    if (block.opening == kMatch && found.kind != kCase) refuse("expected 'case'", first.begin);
    block.last = {};
  }
  found.is_compound() ? compound(found) : simple_statements(found);
}

void Parser::compound(const Keyword& opening) {
  const Token& first = *next_++;
  const Token* const begin = next_;
  skip_to(":");
  const Token* const colon = next_;
  if (at_end()) refuse(fmt::format("expected ':' after '{}'", opening.word), first.begin);
  Block& block = blocks_.back();
  const bool continues = opening.continues != nullptr;
  if (continues && (block.last.empty() || opening.after.find(block.last) == block.last.npos)) {
    refuse(fmt::format("'{}' continues no statement", opening.word), first.begin);
  }
  const bool bare = opening.kind == kTry || opening.kind == kPass;
  if (opening.kind != kHandler && (begin == colon) != bare) refuse("invalid syntax", first.begin);

  Stmt* made = nullptr;
  Body* body = continues ? &(block.chain->*opening.continues) : block.body;
  block.last = opening.word;
  if (opening.kind == kPass) {
    // After `else` a `try` may still have its `finally`.
    if (block.chain->kind != kTry) block.last = {};
  } else {
    made = &add(opening.kind, first, *body);
    body = &made->body;
    if (opening.kind != kHandler) block.chain = made;
    made->tokens = {begin, colon};
    next_ = begin;
    statement(*made);
    const bool tests = made->kind == kIf || made->kind == kWhile;
    if (tests && made->values.empty()) refuse("invalid syntax", first.begin);
  }
  next_ = colon + 1;
  body->place = first.begin;
  blocks_.push_back({.body = body, .opening = opening.kind});
  if (!at_end()) {
    simple_statements(keyword());
  } else if (opening.kind == kFunction || opening.kind == kClass) {
    made->begin = tokenizer_.position();
    tokenizer_.skip_block();
  }
}

void Parser::simple_statements(const Keyword& first) {
  for (const Keyword* found = &first; !at_end(); found = &keyword()) {
    const Token* const begin = next_;
    // Only a header opens a block.
    if (found->is_compound() || tokenizer_.opens_block()) refuse("invalid syntax", begin->begin);
    Stmt& made = add(found->kind, *begin, *blocks_.back().body);
    next_ += !found->word.empty();
    statement(made);
    if (!at_end() && !is(';')) {
      // Python 2's print among it.
      Stmt& rest = add(kUnreadable, token(), *blocks_.back().body);
      rest.text = "a statement";
      const Token* const from = next_;
      skip_to(";");
      rest.tokens = {from, next_};
    }
    if (made.kind != kAssign && made.tokens.empty()) made.tokens = {begin, next_};
    while (accept(';')) continue;
  }
}

// What follows its keyword, up to the colon of a header.
void Parser::statement(Stmt& made) {
  switch (made.kind) {
    case kExpression: assignment(made); break;
    case kFor: {
      const Expr* const target = list(kPrimary);
      if (!accept_name("in")) refuse("invalid syntax", made.place);
      made.values = syntax_.copy({target, list()});
      break;
    }
    case kHandler:
      accept('*');
      expression();
      // "except E, name" in Python 2.
      if ((accept_name("as") || accept(',')) && is_name()) made.text = take();
      break;
    case kWith: managers(made); break;
    case kFunction:
    case kClass: definition(made); break;
    case kDecorator: decorators_.push_back(expression()); break;
    case kImport:
    case kFrom: imports(made); break;
    case kMatch:
    case kCase: break;
    default: {
      if (at_end() || is(';') || is(':')) break;
      const Expr* const read = list();
      const bool names = made.kind == kGlobal && read->kind == ExprKind::kTuple;
      made.values = names ? read->items : syntax_.copy({read});
      if (made.kind == kRaise && accept_name("from")) expression();
    }
  }
}

void Parser::managers(Stmt& made) {
  // `with (a as b, c as d):` has brackets that are no tuple.
  const Token* const begin = next_;
  if (accept('(')) {
    expression();
    next_ = is_name("as") ? begin + 1 : begin;
  }
  do {
    if (at_end() || is(')')) break;
    items_.push_back(expression());
    items_.push_back(accept_name("as") ? expression(kPrimary) : nullptr);
  } while (accept(','));
  made.values = syntax_.take(items_);
}

void Parser::definition(Stmt& made) {
  if (!is_name()) refuse("invalid syntax", made.place);
  made.text = token().text();
  made.tokens = made.tokens.subspan(1);
  made.decorators = syntax_.take(decorators_);
  if (made.kind == kFunction) {
    skip();
    if (is('[')) expression();  // the types that it is generic in
    if (accept('(')) parameters(made);
    return;
  }
  // As if its name were called with its bases.
  const Expr* const called = expression(kPrimary);
  if (called->kind != ExprKind::kCall) return;
  for (std::size_t i = 0; i < called->names.size(); ++i) {
    if (called->names[i].empty()) items_.push_back(called->items[i + 1]);
  }
  made.values = syntax_.take(items_);
}

void Parser::parameters(Stmt& function) {
  std::vector<Parameter> found;
  bool named = false;
  do {
    Parameter one;
    one.kind = is('*')      ? Parameter::Kind::kRest
               : is(kStars) ? Parameter::Kind::kNamedRest
               : named      ? Parameter::Kind::kNamedOnly
                            : Parameter::Kind::kPlain;
    named = one.kind != Parameter::Kind::kPlain;
    next_ += is('*') || is(kStars) || is('/');
    // Else it only parts those before it from those behind.
    if (is_name()) {
      one.name = take();
      if (accept(':')) expression();
      if (accept('=')) one.fallback = expression();
      found.push_back(one);
    }
  } while (accept(','));
  function.parameters = syntax_.take(found);
}

void Parser::assignment(Stmt& made) {
  items_.push_back(list());
  if (is(kAugmented)) {
    made.kind = kInPlace;
    made.text = take();
    made.text.remove_suffix(1);
    items_.push_back(list());
  } else if (accept(':')) {
    // What it says is nobody's business.
    const Token* const begin = next_;
    skip_to("=;:");
    made.tokens = {begin, next_};
    made.kind = kPass;
  }
  if (is('=') && made.kind != kInPlace) made.kind = kAssign;
  while (made.kind == kAssign && accept('=')) items_.push_back(list());
  made.values = syntax_.take(items_);
}

void Parser::imports(Stmt& made) {
  const bool from = made.kind == kFrom;
  if (from) {
    const std::string_view module = dotted_name();
    if (module.empty() || !accept_name("import")) refuse("invalid syntax", made.place);
    imports_.push_back({.name = module, .as = module});
    accept('(');
  }
  do {
    Import one;
    one.as = token().text();
    one.name = from && is('*') ? take() : dotted_name();
    if (one.name.empty()) break;
    one.renamed = accept_name("as") && is_name();
    if (one.renamed) one.as = take();
    imports_.push_back(one);
  } while (accept(','));
  accept(')');
  made.imports = syntax_.take(imports_);
}

std::string_view Parser::dotted_name() {
  const auto is_part = [this] { return is_name() && !is_name("import") && !is_name("as"); };
  if (is_part() && !token(1).is('.')) return take();
  // White space may stand between its parts.
  std::string joined;
  while (is_part() || is('.') || is(kEllipsis)) joined += take();
  return syntax_.keep(joined);
}

}  // namespace drift::migrations
