// The names that a module binds, in the order it does.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrations/python/value.h"

namespace drift::migrations {

class PythonNamespace {
 public:
  struct Binding {
    std::string_view name;
    Value value;
    const char* place = nullptr;  // of the name where it was bound last
  };

  PythonNamespace() { bindings_.reserve(16); }

  // Null where the name was never bound. Valid until the next call of bind().
  const Binding* find(std::string_view name) const;
  void bind(std::string_view name, const Value& value, const char* place);

  // Every name ever bound, those since deleted included.
  const std::vector<Binding>& bindings() const { return bindings_; }

 private:
  // A migration binds about ten names: a search through them beats any table.
  static constexpr std::size_t kFewNames = 24;

  std::size_t index_of(std::string_view name) const;

  std::vector<Binding> bindings_;
  std::unordered_map<std::string_view, std::size_t> table_;  // only beyond kFewNames
};

}  // namespace drift::migrations
