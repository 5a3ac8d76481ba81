// The parts of PythonModule that follow statements with a suite:
// https://docs.python.org/3/reference/compound_stmts.html
#include <fmt/format.h>

#include <algorithm>

#include "migrations/python/module.h"

namespace drift::migrations {
// The colon before the suite: the first one outside brackets that belongs to no lambda.
std::optional<std::size_t> PythonModule::suite_colon(std::span<const Token> tokens) {
  int open = 0;
  int lambdas = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.opens()) ++open;
    if (token.closes()) --open;
    if (open > 0) continue;
    if (token.is_name("lambda")) ++lambdas;
    if (token.is(':') && lambdas-- == 0) return i;
  }
  fail(fmt::format("expected ':' after '{}'", tokens[0].text()), tokens[0].begin);
  return std::nullopt;
}

// False where the line begins no compound statement.
bool PythonModule::compound_statement(std::span<const Token> tokens) {
  const Token& first = tokens[0];
  if (!first.is_name()) return false;
  std::string_view word = first.text();
  // No keyword of this kind is longer, or shorter than "if".
  if (word.size() < 2 || word.size() > 7) return false;

  const bool continues = word == "elif" || word == "else" || word == "except" || word == "finally";
  if (continues) {
    else_clause(tokens);
    return true;
  }
  std::size_t keyword = 0;
  if (word == "async") {
    if (tokens.size() < 2 ||
        !(tokens[1].is_name("def") || tokens[1].is_name("for") || tokens[1].is_name("with"))) {
      return false;  // a name, before Python 3.7
    }
    keyword = 1;
    word = tokens[1].text();
  }
  const bool soft = word == "match" || word == "case";
  const bool known = word == "if" || word == "for" || word == "while" || word == "try" ||
                     word == "with" || word == "def" || word == "class";
  if (!known && !soft) return false;
  // `match` and `case` are names too. Only a header ends in a colon; only in a `match` is there a
  // `case`, which may have its suite on its line.
  if (word == "match" && !(tokens.size() > 2 && tokens.back().is(':'))) return false;
  if (word == "case" && !blocks_.back().match) return false;

  check_chain(first.begin);
  if (syntax_error_) return true;
  if (blocks_.back().match && word != "case") {
    fail("expected 'case'", first.begin);
    return true;
  }
  blocks_.back().chain = Chain::kNone;
  const std::span<const Token> rest = tokens.subspan(keyword);
  if (word == "if") {
    if_statement(rest, true);
  } else if (word == "for" || word == "while") {
    loop_statement(rest, rest[0]);
  } else if (word == "try") {
    const auto colon = suite_colon(rest);
    if (!colon) return true;
    blocks_.back().chain = Chain::kTry;
    // It runs until something fails; simple_statements() watches for what can.
    enter_suite(rest, *colon, Mode::kRuns, true);
  } else if (word == "with") {
    with_statement(rest);
  } else if (word == "def" || word == "class") {
    definition(tokens, keyword);
  } else if (word == "match") {
    const std::size_t colon = rest.size() - 1;
    mention(rest.subspan(1, colon - 1));
    enter_suite(rest, colon, Mode::kMaybe, false, true);
  } else {
    case_clause(rest);
  }
  return true;
}

// Goes on with what follows the colon, or with the block of the next lines.
void PythonModule::enter_suite(std::span<const Token> tokens, std::size_t colon, Mode mode,
                               bool guarded, bool match) {
  const Block& outer = blocks_.back();
  Block block;
  block.column = outer.column;
  block.keyword = tokens[0].text();
  block.header = tokens[0].begin;
  block.mode = mode;
  block.guarded = guarded;
  block.match = match;
  // What stands in a doubtful block is doubtful itself; the outermost doubt explains it.
  if (outer.mode != Mode::kRuns) {
    block.mode = std::max(outer.mode, mode);
    block.keyword = outer.keyword;
    block.header = outer.header;
  }
  if (colon + 1 == tokens.size()) {
    opened_ = block;
    return;
  }
  if (match) {
    fail("expected an indented block after 'match'", tokens[0].begin);
    return;
  }
  if (guarded) ++guards_;
  blocks_.push_back(block);
  simple_statements(tokens.subspan(colon + 1));
  if (!blocks_.empty()) close_block();
}

void PythonModule::skip_suite(std::span<const Token> tokens, std::size_t colon) {
  if (colon + 1 == tokens.size()) {
    tokenizer_.skip_block(blocks_.back().column, tokens[0].text());
  }
}

PythonModule::Truth PythonModule::truth_of(std::span<const Token> tokens) {
  bool negated = false;
  for (;;) {
    if (!tokens.empty() && tokens.front().is_name("not")) {
      negated = !negated;
      tokens = tokens.subspan(1);
    } else if (tokens.size() > 2 && tokens.front().is('(') && tokens.back().is(')')) {
      // "(a) or (b)" is no single parenthesis.
      int open = 0;
      std::size_t i = 0;
      for (; i < tokens.size(); ++i) {
        if (tokens[i].opens()) ++open;
        if (tokens[i].closes() && --open == 0) break;
      }
      if (i + 1 != tokens.size()) break;
      tokens = tokens.subspan(1, tokens.size() - 2);
    } else {
      break;
    }
  }
  const auto answer = [negated](bool truth) {
    return truth != negated ? Truth::kTrue : Truth::kFalse;
  };

  const auto is_main = [](const Token& token) {
    return token.text() == "\"__main__\"" || token.text() == "'__main__'";
  };
  // Alembic imports migrations; none of them is the main module.
  if (tokens.size() == 3 && tokens[1].is(kCompare) && tokens[1].text() == "==" &&
      ((tokens[0].is_name("__name__") && is_main(tokens[2])) ||
       (tokens[2].is_name("__name__") && is_main(tokens[0]))) &&
      value_of("__name__").kind == ValueKind::kUnbound) {
    return answer(false);
  }
  // https://docs.python.org/3/library/typing.html#typing.TYPE_CHECKING
  if (tokens.size() == 1 || (tokens.size() == 3 && tokens[1].is('.'))) {
    const PythonNamespace::Binding* binding =
        tokens[0].is_name() ? names_.find(tokens[0].text()) : nullptr;
    if (binding != nullptr) {
      const Value& value = binding->value;
      const bool typing = value.text == "typing" || value.text == "typing_extensions";
      if (typing && ((tokens.size() == 1 && value.kind == ValueKind::kImported &&
                      value.detail == "TYPE_CHECKING") ||
                     (tokens.size() == 3 && value.kind == ValueKind::kModule &&
                      tokens[2].is_name("TYPE_CHECKING")))) {
        return answer(false);
      }
    }
  }

  const Value value = expression_.evaluate(tokens);
  // A loop may come back with another value.
  const bool may_vary = expression_.used_names() && blocks_.back().mode == Mode::kLoops;
  if (expression_.met_unknown()) mention(tokens);
  if (may_vary || value.is_unknown()) return Truth::kUnknown;
  switch (value.kind) {
    case ValueKind::kNone: return answer(false);
    case ValueKind::kBoolean: return answer(value.truth);
    case ValueKind::kNumber: return value.truth_known ? answer(value.truth) : Truth::kUnknown;
    case ValueKind::kString: return answer(!value.text.empty());
    case ValueKind::kSequence: return answer(!store_.elements(value).empty());
    default: return Truth::kUnknown;
  }
}

void PythonModule::if_statement(std::span<const Token> tokens, bool first) {
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  if (*colon == 1) return fail("invalid syntax", tokens[0].begin);
  if (first) {
    blocks_.back().chain = Chain::kIf;
    blocks_.back().chain_taken = false;
    blocks_.back().chain_unknown = false;
  }
  if (blocks_.back().chain_taken) return skip_suite(tokens, *colon);
  const Truth truth = truth_of(tokens.subspan(1, *colon - 1));
  Block& outer = blocks_.back();
  switch (truth) {
    case Truth::kFalse: return skip_suite(tokens, *colon);
    case Truth::kTrue:
      outer.chain_taken = true;
      return enter_suite(tokens, *colon, outer.chain_unknown ? Mode::kMaybe : Mode::kRuns);
    case Truth::kUnknown:
      outer.chain_unknown = true;
      return enter_suite(tokens, *colon, Mode::kMaybe);
  }
}

void PythonModule::else_clause(std::span<const Token> tokens) {
  const std::string_view word = tokens[0].text();
  Block& outer = blocks_.back();
  const Chain chain = outer.chain;
  const bool fits = word == "elif" ? chain == Chain::kIf
                    : word == "else"
                        ? chain == Chain::kIf || chain == Chain::kLoop || chain == Chain::kHandled
                    : word == "except" ? chain == Chain::kTry || chain == Chain::kHandled
                                       : chain == Chain::kTry || chain == Chain::kHandled;
  if (!fits) return fail(fmt::format("'{}' continues no statement", word), tokens[0].begin);
  if (word == "elif") return if_statement(tokens, false);
  if (word == "except") {
    outer.chain = Chain::kHandled;
    return except_clause(tokens);
  }
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  if (*colon != 1) return fail("invalid syntax", tokens[0].begin);
  if (word == "finally") {
    outer.chain = Chain::kNone;
    return enter_suite(tokens, *colon, Mode::kRuns);
  }
  // After `else` a `try` may still have its `finally`.
  const bool of_try = chain == Chain::kHandled;
  outer.chain = of_try ? Chain::kHandled : Chain::kNone;
  if (chain == Chain::kIf && outer.chain_taken) return skip_suite(tokens, *colon);
  const bool certain = chain == Chain::kIf && !outer.chain_unknown;
  enter_suite(tokens, *colon, certain ? Mode::kRuns : Mode::kMaybe);
}

void PythonModule::loop_statement(std::span<const Token> tokens, const Token& keyword) {
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  if (*colon == 1) return fail("invalid syntax", tokens[0].begin);
  const std::span<const Token> head = tokens.subspan(1, *colon - 1);
  blocks_.back().chain = Chain::kLoop;
  if (keyword.is_name("while")) {
    if (truth_of(head) == Truth::kFalse) {
      // Then its `else` runs; to treat that as doubtful is on the safe side.
      return skip_suite(tokens, *colon);
    }
    mention(head);
    return enter_suite(tokens, *colon, Mode::kLoops);
  }
  int open = 0;
  std::size_t in = 0;
  for (; in < head.size(); ++in) {
    if (head[in].opens()) ++open;
    if (head[in].closes()) --open;
    if (open == 0 && head[in].is_name("in")) break;
  }
  if (in == head.size()) return fail("invalid syntax", tokens[0].begin);
  mention(head.subspan(in + 1));
  assign_unknown(head.subspan(0, in), Why::kLoopTarget);
  enter_suite(tokens, *colon, Mode::kLoops);
}

void PythonModule::except_clause(std::span<const Token> tokens) {
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  const std::span<const Token> head = tokens.subspan(1, *colon - 1);
  mention(head);
  // "except E as name", and "except E, name" in Python 2.
  if (head.size() > 2 && head.back().is_name() &&
      (head[head.size() - 2].is_name("as") || head[head.size() - 2].is(','))) {
    bind(head.back().text(), Value::unknown(Why::kExceptTarget), head.back().begin);
  }
  enter_suite(tokens, *colon, Mode::kMaybe);
}

void PythonModule::with_statement(std::span<const Token> tokens) {
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  const std::span<const Token> head = tokens.subspan(1, *colon - 1);
  mention(head);
  for (std::size_t i = 0; i + 1 < head.size(); ++i) {
    if (!head[i].is_name("as")) continue;
    std::size_t end = i + 1;
    for (int open = 0; end < head.size(); ++end) {
      if (open == 0 && (head[end].is(',') || head[end].closes())) break;
      if (head[end].opens()) ++open;
      if (head[end].closes()) --open;
    }
    assign_unknown(head.subspan(i + 1, end - i - 1), Why::kWithTarget);
  }
  // The body runs, but what follows something that fails may not: a context manager can swallow
  // exceptions (contextlib.suppress). simple_statements() watches for that.
  enter_suite(tokens, *colon, Mode::kRuns, true);
}

void PythonModule::definition(std::span<const Token> tokens, std::size_t keyword) {
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  if (keyword + 1 >= *colon || !tokens[keyword + 1].is_name()) {
    return fail("invalid syntax", tokens[0].begin);
  }
  const Token& name = tokens[keyword + 1];
  // Defaults, annotations and bases are evaluated here and now.
  const std::span<const Token> head = tokens.subspan(keyword + 2, *colon - keyword - 2);
  const bool is_class = tokens[keyword].is_name("class");
  if (is_class || head.size() > 2) mention(head);
  const Token named = name;
  skip_suite(tokens, *colon);
  bind(named.text(), Value::of(is_class ? ValueKind::kClass : ValueKind::kFunction), named.begin);
}

void PythonModule::case_clause(std::span<const Token> tokens) {
  const auto colon = suite_colon(tokens);
  if (!colon) return;
  const std::span<const Token> head = tokens.subspan(1, *colon - 1);
  mention(head);
  // Any name of a pattern may be one that it captures; to doubt a class name as well does no harm.
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i].is_name() && !(i > 0 && head[i - 1].is('.'))) {
      bind(head[i].text(), Value::unknown(Why::kPattern), head[i].begin);
    }
  }
  enter_suite(tokens, *colon, Mode::kMaybe);
}

}  // namespace drift::migrations
