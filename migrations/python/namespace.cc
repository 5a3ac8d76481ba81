#include "migrations/python/namespace.h"

namespace drift::migrations {

std::size_t PythonNamespace::index_of(std::string_view name) const {
  if (bindings_.size() > kFewNames) {
    const auto found = table_.find(name);
    return found == table_.end() ? bindings_.size() : found->second;
  }
  std::size_t index = 0;
  while (index < bindings_.size() && bindings_[index].name != name) ++index;
  return index;
}

const PythonNamespace::Binding* PythonNamespace::find(std::string_view name) const {
  const std::size_t index = index_of(name);
  return index < bindings_.size() ? &bindings_[index] : nullptr;
}

void PythonNamespace::bind(std::string_view name, const Value& value, const char* place) {
  const std::size_t index = index_of(name);
  if (index < bindings_.size()) {
    bindings_[index].value = value;
    bindings_[index].place = place;
    return;
  }
  bindings_.push_back({name, value, place});
  if (bindings_.size() == kFewNames + 1) {
    for (std::size_t i = 0; i < bindings_.size(); ++i) table_[bindings_[i].name] = i;
  } else if (bindings_.size() > kFewNames) {
    table_[name] = index;
  }
}

}  // namespace drift::migrations
