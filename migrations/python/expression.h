// Evaluates the expressions whose value needs no running: literals, names of constants, and sums.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "migrations/python/tokenizer.h"
#include "migrations/python/value.h"

namespace drift::migrations {

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
