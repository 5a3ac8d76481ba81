#include "migrations/python/expression.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "migrations/python/characters.h"

namespace drift::migrations {
namespace {

// One escape sequence, `at` being its backslash:
// https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences
struct Escape {
  LiteralKind kind = LiteralKind::kText;
  std::size_t size = 2;  // in the source
  bool keeps = false;    // unknown escapes stand for themselves, backslash included
  bool nothing = false;  // a continued line
  std::uint32_t value = 0;
};

Escape read_escape(std::string_view body, std::size_t at) {
  Escape escape;
  const char c = at + 1 < body.size() ? body[at + 1] : '\0';
  std::size_t digits = 0;
  switch (c) {
    case '\n': escape.nothing = true; return escape;
    case '\\':
    case '\'':
    case '"': escape.value = static_cast<unsigned char>(c); return escape;
    case 'a': escape.value = 7; return escape;
    case 'b': escape.value = 8; return escape;
    case 'f': escape.value = 12; return escape;
    case 'n': escape.value = 10; return escape;
    case 'r': escape.value = 13; return escape;
    case 't': escape.value = 9; return escape;
    case 'v': escape.value = 11; return escape;
    case 'N': escape.kind = LiteralKind::kNamed; return escape;
    case 'x': digits = 2; break;
    case 'u': digits = 4; break;
    case 'U': digits = 8; break;
    default: break;
  }
  if (digits > 0) {
    for (std::size_t i = 0; i < digits; ++i) {
      const int digit = at + 2 + i < body.size() ? hex_digit(body[at + 2 + i]) : -1;
      if (digit < 0) {
        escape.kind = LiteralKind::kMalformed;
        return escape;
      }
      escape.value = escape.value << 4 | static_cast<std::uint32_t>(digit);
    }
    escape.size += digits;
  } else if (c >= '0' && c <= '7') {
    escape.size = 1;
    while (escape.size < 4 && at + escape.size < body.size() && body[at + escape.size] >= '0' &&
           body[at + escape.size] <= '7') {
      escape.value = escape.value * 8 + static_cast<std::uint32_t>(body[at + escape.size] - '0');
      ++escape.size;
    }
  } else {
    escape.keeps = true;
    escape.size = 1;
  }
  if (escape.value > 0x10ffff) escape.kind = LiteralKind::kMalformed;
  if (escape.value >= 0xd800 && escape.value <= 0xdfff) escape.kind = LiteralKind::kSurrogate;
  return escape;
}

// Well below PythonTokenizer::kMaxBrackets, and nobody writes revisions that deep.
constexpr int kMaxDepth = 50;

Why why_of(LiteralKind kind) {
  switch (kind) {
    case LiteralKind::kText: return Why::kExpression;
    case LiteralKind::kBytes: return Why::kBytes;
    case LiteralKind::kFormatted: return Why::kFormatted;
    case LiteralKind::kNamed: return Why::kNamedCharacter;
    case LiteralKind::kMalformed: return Why::kMalformedEscape;
    case LiteralKind::kSurrogate: return Why::kSurrogate;
  }
  return Why::kExpression;
}

}  // namespace

StringLiteral parse_string_literal(std::string_view token) {
  StringLiteral literal;
  std::size_t letters = 0;
  while (token[letters] != '\'' && token[letters] != '"') ++letters;
  const StringPrefix prefix = string_prefix(token.substr(0, letters));
  const char quote = token[letters];
  token.remove_prefix(letters);
  const bool triple = token.size() >= 6 && token[1] == quote && token[2] == quote;
  const std::size_t quotes = triple ? 3 : 1;
  literal.body = token.substr(quotes, token.size() - 2 * quotes);
  literal.raw = prefix.raw;

  if (prefix.bytes) {
    literal.kind = LiteralKind::kBytes;
  } else if (prefix.formatted) {
    literal.braces = true;
    const bool is_template = token.data()[-1] == 't' || token.data()[-1] == 'T' ||
                             (letters == 2 && (token.data()[-2] == 't' || token.data()[-2] == 'T'));
    if (is_template) literal.kind = LiteralKind::kFormatted;
    // Without a lone '{' an f-string is a constant. \N{ counts as one, to be on the safe side.
    for (std::size_t i = 0; i < literal.body.size(); ++i) {
      const char c = literal.body[i];
      if (c != '{' && c != '}') continue;
      if (i + 1 >= literal.body.size() || literal.body[i + 1] != c) {
        literal.kind = LiteralKind::kFormatted;
      }
      ++i;
    }
  }
  literal.plain = literal.kind == LiteralKind::kText &&
                  (prefix.raw || literal.body.find('\\') == std::string_view::npos) &&
                  (!literal.braces || literal.body.find_first_of("{}") == std::string_view::npos);
  return literal;
}

LiteralKind append_value(const StringLiteral& literal, std::string& out) {
  if (literal.kind != LiteralKind::kText) return literal.kind;
  const std::string_view body = literal.body;
  if (literal.plain) {
    out += body;
    return LiteralKind::kText;
  }
  for (std::size_t i = 0; i < body.size();) {
    const char c = body[i];
    if (c == '\\' && !literal.raw) {
      // "\{" in an f-string begins a field in some versions only.
      if (literal.braces && i + 1 < body.size() && (body[i + 1] == '{' || body[i + 1] == '}')) {
        return LiteralKind::kFormatted;
      }
      const Escape escape = read_escape(body, i);
      if (escape.kind != LiteralKind::kText) return escape.kind;
      if (escape.keeps) {
        out += c;
      } else if (!escape.nothing) {
        append_utf8(out, escape.value);
      }
      i += escape.size;
    } else {
      out += c;
      // "{{" and "}}" are one brace each; parse_string_literal saw that they come in pairs.
      i += literal.braces && (c == '{' || c == '}') ? 2 : 1;
    }
  }
  return LiteralKind::kText;
}

void append_shown(const StringLiteral& literal, std::string& out) {
  const std::string_view body = literal.body;
  if (literal.plain || literal.raw) {
    out += body;
    return;
  }
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] != '\\') {
      out += body[i++];
      continue;
    }
    const Escape escape = read_escape(body, i);
    const bool known = escape.kind == LiteralKind::kText && !escape.keeps;
    if (!known) {
      out += body[i++];
      continue;
    }
    if (!escape.nothing) append_utf8(out, escape.value);
    i += escape.size;
  }
}

Value PythonExpression::evaluate(std::span<const Token> tokens) {
  tokens_ = tokens;
  next_ = 0;
  used_names_ = false;
  met_unknown_ = false;
  pending_.clear();
  if (tokens.empty()) return unknown(Why::kExpression);
  const Value value = list('\0', 0);
  return at_end() ? value : unknown(Why::kExpression);
}

Value PythonExpression::unknown(Why why, std::string_view detail) {
  met_unknown_ = true;
  return Value::unknown(why, detail);
}

bool PythonExpression::at_terminator() const {
  return at_end() || tokens_[next_].is(',') || tokens_[next_].closes();
}

// What stands between brackets, or a whole right-hand side; stops at the closing bracket.
Value PythonExpression::list(char closing, int depth) {
  const std::size_t base = pending_.size();
  Value spoiled;
  bool comma = false;
  while (!at_end() && !tokens_[next_].closes()) {
    const Value value = element(depth, &spoiled);
    pending_.push_back(value);
    if (at_end() || !tokens_[next_].is(',')) break;
    comma = true;
    ++next_;
  }
  const std::span<const Value> elements{pending_.data() + base, pending_.size() - base};
  Value value;
  if (spoiled.is_unknown()) {
    value = spoiled;
  } else if (closing == '}' && elements.empty()) {
    value = unknown(Why::kDict);
  } else if ((closing == ')' || closing == '\0') && !comma && elements.size() == 1) {
    value = elements[0];
  } else {
    const SequenceKind kind = closing == ']'   ? SequenceKind::kList
                              : closing == '}' ? SequenceKind::kSet
                                               : SequenceKind::kTuple;
    value = store_.make_sequence(kind, elements);
    if (value.is_unknown()) met_unknown_ = true;
  }
  pending_.resize(base);
  return value;
}

// One element up to its comma. Where the number of elements cannot be told ("*x", a comprehension)
// or they are those of a dict, says so in `spoiled`.
Value PythonExpression::element(int depth, Value* spoiled) {
  if (tokens_[next_].is('*') || tokens_[next_].is(kDoubled)) {
    *spoiled = unknown(Why::kComprehension);
  }
  Value value = sum(depth);
  if (at_terminator()) return value;

  if (!value.is_unknown() || value.why != Why::kTooDeep) {
    value = unknown(tokens_[next_].is('(') ? Why::kCall : Why::kExpression);
  }
  int open = 0;
  for (; !at_end(); ++next_) {
    const Token& token = tokens_[next_];
    if (open == 0 && (token.is(',') || token.closes())) break;
    if (token.opens()) ++open;
    if (token.closes()) --open;
    if (open == 0 && token.is_name("for")) *spoiled = unknown(Why::kComprehension);
    if (open == 0 && token.is(':')) *spoiled = unknown(Why::kDict);
  }
  return value;
}

Value PythonExpression::sum(int depth) {
  Value left = atom(depth);
  while (!at_end() && tokens_[next_].is('+')) {
    ++next_;
    left = sum_of(left, atom(depth));
  }
  return left;
}

Value PythonExpression::sum_of(const Value& left, const Value& right) {
  if (left.is_unknown()) return left;
  if (right.is_unknown()) return right;
  if (left.kind == ValueKind::kString && right.kind == ValueKind::kString) {
    if (!store_.afford(left.text.size() + right.text.size())) return unknown(Why::kTooLong);
    std::string both(left.text);
    both += right.text;
    return Value::string(store_.keep(std::move(both)));
  }
  if (left.kind == ValueKind::kSequence && right.kind == ValueKind::kSequence) {
    const SequenceKind kind = store_.sequence(left).kind;
    if (kind == store_.sequence(right).kind && kind != SequenceKind::kSet) {
      std::vector<Value> both;
      for (const Value& side : {left, right}) {
        const auto elements = store_.elements(side);
        if (!store_.afford(elements.size() * 8)) return unknown(Why::kTooLong);
        both.insert(both.end(), elements.begin(), elements.end());
      }
      const Value value = store_.make_sequence(kind, both);
      if (value.is_unknown()) met_unknown_ = true;
      return value;
    }
  }
  return unknown(Why::kExpression);
}

Value PythonExpression::atom(int depth) {
  if (at_end()) return unknown(Why::kExpression);
  const Token& token = tokens_[next_];
  if (token.kind == TokenKind::kString) return strings();
  if (token.is_name()) return name();
  if (token.kind == TokenKind::kNumber) {
    ++next_;
    Value value = Value::of(ValueKind::kNumber);
    // Decimal digits only: "0x0", "0.0" and "0e1" are nobody's condition.
    value.truth = token.text() != "0";
    value.truth_known = token.text() == "0" ||
                        (token.text()[0] >= '1' && token.text()[0] <= '9' &&
                         token.text().find_first_not_of("0123456789") == std::string_view::npos);
    return value;
  }
  if (token.opens()) {
    if (depth >= kMaxDepth) return unknown(Why::kTooDeep);
    const char open = token.op;
    ++next_;
    const Value value = list(open == '(' ? ')' : open == '[' ? ']' : '}', depth + 1);
    if (!at_end()) ++next_;
    return value;
  }
  return unknown(Why::kExpression);
}

// Adjacent literals are one:
// https://docs.python.org/3/reference/lexical_analysis.html#string-literal-concatenation
Value PythonExpression::strings() {
  const std::size_t first = next_;
  while (!at_end() && tokens_[next_].kind == TokenKind::kString) ++next_;
  if (next_ - first == 1) {
    const StringLiteral literal = parse_string_literal(tokens_[first].text());
    if (literal.plain) return Value::string(literal.body);
  }
  std::string joined;
  for (std::size_t i = first; i < next_; ++i) {
    if (!store_.afford(tokens_[i].size)) return unknown(Why::kTooLong);
    const LiteralKind kind = append_value(parse_string_literal(tokens_[i].text()), joined);
    if (kind != LiteralKind::kText) return unknown(why_of(kind));
  }
  return Value::string(store_.keep(std::move(joined)));
}

Value PythonExpression::name() {
  const std::string_view text = tokens_[next_].text();
  if (text == "None" || text == "True" || text == "False") {
    ++next_;
    Value value = Value::of(text == "None" ? ValueKind::kNone : ValueKind::kBoolean);
    value.truth = text == "True";
    value.truth_known = true;
    return value;
  }
  if (text == "not" || text == "lambda" || text == "await" || text == "yield") {
    return unknown(Why::kExpression);
  }

  const std::size_t first = next_++;
  while (next_ + 1 < tokens_.size() && tokens_[next_].is('.') && tokens_[next_ + 1].is_name()) {
    next_ += 2;
  }
  // What is called or subscripted need not be looked up, and looking up may load a module.
  if (!at_terminator() && !tokens_[next_].is('+')) return unknown(Why::kExpression);

  used_names_ = true;
  Value value = names_.value_of(text);
  for (std::size_t i = first + 2; i < next_ && !value.is_unknown(); i += 2) {
    value = names_.attribute_of(value, tokens_[i].text());
  }
  // Where it is absent, Python stops here.
  value.perhaps_absent = false;
  switch (value.kind) {
    case ValueKind::kUnbound: return unknown(Why::kUndefinedName, text);
    case ValueKind::kFunction:
    case ValueKind::kClass: return unknown(Why::kExpression);
    case ValueKind::kUnknown: met_unknown_ = true; return value;
    default: return value;
  }
}

}  // namespace drift::migrations
