// Evaluates the expressions whose value needs no running: literals, names of constants, and sums.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/tokenizer.h"
#include "migrations/python/value.h"

namespace drift::migrations {

enum class LiteralKind {
  kText,
  kBytes,
  kFormatted,  // an f-string with a replacement field, or a t-string
  kNamed,      // holds \N{...}; the table of names is Unicode's and large
  kMalformed,  // a broken \x, \u or \U, which Python refuses
  kSurrogate,  // half a surrogate pair, which no UTF-8 can spell
};

struct StringLiteral {
  LiteralKind kind = LiteralKind::kText;
  // What stands between the quotes, as written. Where `plain`, it is the value.
  std::string_view body;
  bool plain = false;
  bool raw = false;
  bool braces = false;  // an f-string: "{{" means "{"
};

// `token` is a whole literal with prefix and quotes, as PythonTokenizer yields it.
StringLiteral parse_string_literal(std::string_view token);

// Appends the value of `literal` in UTF-8. Returns kText where that worked; else `out` holds a
// prefix of it.
LiteralKind append_value(const StringLiteral& literal, std::string& out);

// As append_value, for text that is only shown: what cannot be decoded stays as written.
void append_shown(const StringLiteral& literal, std::string& out);

// Where names get their values: the module that the expression stands in.
class NameResolver {
 public:
  // The value at this point of the module; kUnbound where there is none.
  virtual Value value_of(std::string_view name) = 0;
  // `object`.`name`.
  virtual Value attribute_of(const Value& object, std::string_view name) = 0;

 protected:
  ~NameResolver() = default;
};

class PythonExpression {
 public:
  PythonExpression(ValueStore& store, NameResolver& names) : store_(store), names_(names) {}

  // The value of a whole expression list ("'a', 'b'" is a tuple). Linear in the tokens, bounded in
  // depth. `tokens` have matching brackets, as those of a logical line.
  Value evaluate(std::span<const Token> tokens);

  // Whether the last evaluation came by a name, or by anything that it cannot evaluate: what stands
  // there has still to be looked through for side effects.
  bool used_names() const { return used_names_; }
  bool met_unknown() const { return met_unknown_; }

 private:
  Value list(char closing, int depth);
  Value element(int depth, Value* spoiled);
  Value sum(int depth);
  Value atom(int depth);
  Value strings();
  Value name();
  Value sum_of(const Value& left, const Value& right);
  Value unknown(Why why, std::string_view detail = {});
  bool at_end() const { return next_ >= tokens_.size(); }
  bool at_terminator() const;

  ValueStore& store_;
  NameResolver& names_;
  std::span<const Token> tokens_;
  std::size_t next_ = 0;
  std::vector<Value> pending_;  // elements of the sequences being read
  bool used_names_ = false;
  bool met_unknown_ = false;
};

}  // namespace drift::migrations
