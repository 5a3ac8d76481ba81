// The parts of PythonModule that follow statements without a suite:
// https://docs.python.org/3/reference/simple_stmts.html
#include <algorithm>
#include <string>
#include <utility>

#include "migrations/python/module.h"

namespace drift::migrations {
namespace {

// The bracket that closes the one at `open`.
std::size_t closing(std::span<const Token> tokens, std::size_t open) {
  int depth = 0;
  std::size_t i = open;
  for (; i < tokens.size(); ++i) {
    if (tokens[i].opens()) ++depth;
    if (tokens[i].closes() && --depth == 0) break;
  }
  return i;
}

// Leads to the names of this module by other means than an assignment.
bool is_reflective(std::string_view word, bool attribute) {
  if (attribute) return word == "modules";
  return word == "globals" || word == "locals" || word == "vars" || word == "exec" ||
         word == "execfile";
}

}  // namespace

void PythonModule::simple_statements(std::span<const Token> tokens) {
  std::size_t begin = 0;
  int open = 0;
  for (std::size_t i = 0; i <= tokens.size() && !syntax_error_; ++i) {
    if (i < tokens.size()) {
      if (tokens[i].opens()) ++open;
      if (tokens[i].closes()) --open;
      if (open > 0 || !tokens[i].is(';')) continue;
    }
    if (i > begin) {
      pure_ = true;
      simple_statement(tokens.subspan(begin, i - begin));
      first_statement_ = false;
      if (!pure_ && guards_ > 0) {
        // It may have failed, and an `except` or a context manager swallowed that.
        bool inside = false;
        for (Block& block : blocks_) {
          inside = inside || block.guarded;
          if (inside && block.mode == Mode::kRuns) block.mode = Mode::kMaybe;
        }
      }
    }
    begin = i + 1;
  }
}

void PythonModule::simple_statement(std::span<const Token> tokens) {
  const Token& first = tokens[0];
  if (first.is_name()) {
    const std::string_view word = first.text();
    switch (word.size()) {
      case 2:
        if (word == "if") return fail("invalid syntax", first.begin);
        break;
      case 3:
        if (word == "del") return del_statement(tokens);
        if (word == "for" || word == "try" || word == "def") {
          return fail("invalid syntax", first.begin);
        }
        break;
      case 4:
        if (word == "from") return from_statement(tokens);
        if (word == "pass") return;
        if (word == "with" && tokens.back().is(':')) return fail("invalid syntax", first.begin);
        if (word == "type" && tokens.size() > 2 && tokens[1].is_name() &&
            (tokens[2].is('=') || tokens[2].is('['))) {
          mention(tokens.subspan(2));
          return bind(tokens[1].text(), Value::unknown(Why::kTypeAlias), tokens[1].begin);
        }
        break;
      case 5:
        if (word == "while" || word == "class") return fail("invalid syntax", first.begin);
        break;
      case 6:
        if (word == "import") return import_statement(tokens);
        if (word == "global") return;  // at module level it says nothing
        break;
      default: break;
    }
  }
  expression_statement(tokens);
}

void PythonModule::del_statement(std::span<const Token> tokens) {
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool whole = i + 1 >= tokens.size() || tokens[i + 1].is(',') || tokens[i + 1].closes();
    const bool starts = i == 1 || tokens[i - 1].is(',') || tokens[i - 1].opens();
    if (token.is_name() && whole && starts) bind(token.text(), Value{}, token.begin);
  }
  // "del x[0]" changes x.
  mention(tokens.subspan(1));
}

void PythonModule::expression_statement(std::span<const Token> tokens) {
  // Where the signs of an assignment stand, outside brackets.
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t colon = kNone;
  std::size_t equals = kNone;
  std::size_t last_equals = kNone;
  std::size_t augmentation = kNone;
  int open = 0;
  int lambdas = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.is_name()) {
      if (open == 0 && token.text() == "lambda") ++lambdas;
      continue;
    }
    if (token.kind != TokenKind::kOperator) continue;
    if (token.opens()) ++open;
    if (token.closes()) --open;
    if (open > 0) continue;
    if (token.op == ':' && lambdas > 0) {
      --lambdas;
    } else if (token.op == ':' && equals == kNone && colon == kNone) {
      colon = i;
    } else if (token.op == '=' && lambdas == 0) {
      if (equals == kNone) equals = i;
      last_equals = i;
    } else if (token.op == kAugmented && augmentation == kNone) {
      augmentation = i;
    }
  }

  if (augmentation != kNone && equals == kNone && colon == kNone) {
    return augmented(tokens.subspan(0, augmentation), tokens[augmentation],
                     tokens.subspan(augmentation + 1));
  }
  if (equals == kNone) {
    if (colon != kNone) {
      // An annotation alone binds nothing.
      if (colon > 1) mention(tokens.subspan(0, colon));
      return mention(tokens.subspan(colon + 1));
    }
    if (first_statement_ && std::all_of(tokens.begin(), tokens.end(), [](const Token& token) {
          return token.kind == TokenKind::kString || token.is('(') || token.is(')');
        })) {
      // A docstring may be split and stand in parentheses, but be neither bytes nor an f-string.
      std::string text;
      bool shown = true;
      for (const Token& token : tokens) {
        if (token.kind != TokenKind::kString) continue;
        const StringLiteral literal = parse_string_literal(token.text());
        shown = shown && literal.kind == LiteralKind::kText && !literal.braces;
        append_shown(literal, text);
      }
      if (shown) docstring_ = std::move(text);
      return;
    }
    return mention(tokens);
  }

  const Value value = evaluated(tokens.subspan(last_equals + 1));
  used_names_ = expression_.used_names();
  if (colon != kNone) {
    assign(tokens.subspan(0, colon), value);
    mention(tokens.subspan(colon + 1, equals - colon - 1));
  } else {
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t end = 0; end <= last_equals; ++end) {
      if (tokens[end].opens()) ++depth;
      if (tokens[end].closes()) --depth;
      if (depth > 0 || !tokens[end].is('=')) continue;
      if (end > begin) assign(tokens.subspan(begin, end - begin), value);
      begin = end + 1;
    }
  }
  used_names_ = false;
}

Value PythonModule::evaluated(std::span<const Token> tokens) {
  const Value value = expression_.evaluate(tokens);
  if (expression_.met_unknown()) mention(tokens);
  return value;
}

void PythonModule::augmented(std::span<const Token> target, const Token& op,
                             std::span<const Token> right) {
  pure_ = false;
  if (target.size() != 1 || !target[0].is_name()) {
    mention(right);
    return assign_unknown(target, Why::kInPlace);
  }
  const std::string_view name = target[0].text();
  const Value left = value_of(name);
  const Value added = evaluated(right);
  Value result = Value::unknown(Why::kInPlace);
  if (op.text() == "+=" && left.kind == ValueKind::kString && added.kind == ValueKind::kString &&
      store_.afford(left.text.size() + added.text.size())) {
    result = Value::string(store_.keep(std::string(left.text) + std::string(added.text)));
  } else if (left.is_unknown()) {
    result = left;
  }
  store_.leak(left);
  // It depends on what the name held before, which a loop changes.
  used_names_ = true;
  bind(name, result, target[0].begin);
  used_names_ = false;
}

void PythonModule::assign_unknown(std::span<const Token> target, Why why) {
  assign(target, Value::unknown(why));
}

// https://docs.python.org/3/reference/simple_stmts.html#assignment-statements
void PythonModule::assign(std::span<const Token> target, const Value& value) {
  bool bracketed = false;
  while (target.size() > 1 && (target[0].is('(') || target[0].is('[')) &&
         closing(target, 0) + 1 == target.size()) {
    bracketed = bracketed || target[0].is('[');
    target = target.subspan(1, target.size() - 2);
    if (bracketed) break;
  }
  if (target.empty()) return;  // "() = x" binds nothing; "= x" is no Python
  if (target.size() == 1 && !bracketed) {
    if (target[0].is_name()) return bind(target[0].text(), value, target[0].begin);
    return;
  }

  std::vector<std::span<const Token>> parts;
  bool starred = false;
  bool comma = bracketed;
  std::size_t begin = 0;
  int open = 0;
  for (std::size_t i = 0; i <= target.size(); ++i) {
    if (i < target.size()) {
      if (target[i].opens()) ++open;
      if (target[i].closes()) --open;
      if (open > 0 || !target[i].is(',')) continue;
      comma = true;
    }
    if (i > begin) {
      starred = starred || target[begin].is('*');
      parts.push_back(target.subspan(begin, i - begin));
    }
    begin = i + 1;
  }
  if (comma) {
    pure_ = false;
    const bool known = !starred && value.kind == ValueKind::kSequence &&
                       store_.sequence(value).kind != SequenceKind::kSet &&
                       store_.sequence(value).count == parts.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      std::span<const Token> part = parts[i];
      if (part[0].is('*')) part = part.subspan(1);
      if (part.empty()) continue;
      assign(part, known ? store_.elements(value)[i] : Value::unknown(Why::kUnpacking));
    }
    return;
  }

  // "x.y = v", "x[0] = v": not a name of this module.
  if (assigned_through_globals(target)) return;
  mention(target);
  store_.leak(value);
}

// "globals()['revision'] = v" binds that name; with another key it may be any name.
bool PythonModule::assigned_through_globals(std::span<const Token> target) {
  if (target.size() < 6 || !target[0].is_name() || !is_reflective(target[0].text(), false) ||
      !target[1].is('(') || !target[2].is(')') || !target[3].is('[') ||
      closing(target, 3) + 1 != target.size()) {
    return false;
  }
  pure_ = false;
  const Value unknown = Value::unknown(Why::kGlobals, target[0].text(), target[0].begin);
  const Value key = evaluated(target.subspan(4, target.size() - 5));
  if (key.kind == ValueKind::kString) {
    bind(key.text, unknown, target[0].begin);
  } else {
    for (const std::string_view name : kAlembicNames) bind(name, unknown, target[0].begin);
  }
  return true;
}

void PythonModule::bind(std::string_view name, const Value& given, const char* place) {
  Value value = given;
  const Block& block = blocks_.back();
  if (block.mode != Mode::kRuns) {
    const PythonNamespace::Binding* before = names_.find(name);
    const bool varies = block.mode == Mode::kLoops && used_names_;
    if (!varies && before != nullptr && store_.interchangeable(before->value, value)) {
      // The same in the other branch: one of the two runs.
      const bool other = block.keyword == "else" || block.keyword == "except";
      if (other && before->value.perhaps_absent) names_.bind(name, value, place);
      return;
    }
    if (!varies && before == nullptr && value.is_literal()) {
      value.perhaps_absent = true;
      value.detail = block.keyword;
      value.place = block.header;
    } else {
      value = Value::unknown(Why::kConditional, block.keyword, block.header);
    }
  }
  names_.bind(name, value, place);
}

// Code that was not evaluated: what of it plainly changes names of this module.
void PythonModule::mention(std::span<const Token> tokens) {
  pure_ = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (!token.is_name()) continue;
    const std::string_view word = token.text();
    if (i + 1 < tokens.size() && tokens[i + 1].is(kWalrus)) {
      bind(word, Value::unknown(Why::kInsideExpression), token.begin);
    }
    const bool attribute = i > 0 && tokens[i - 1].is('.');
    if (is_reflective(word, attribute)) doubt(std::string(word), token.begin);
    if (attribute) continue;
    const PythonNamespace::Binding* binding = names_.find(word);
    if (binding != nullptr) store_.leak(binding->value);
  }
}

void PythonModule::doubt(std::string what, const char* place) {
  if (!doubt_) doubt_ = Doubt{std::move(what), place};
}

}  // namespace drift::migrations
