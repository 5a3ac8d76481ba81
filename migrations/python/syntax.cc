#include "migrations/python/syntax.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "migrations/python/parser.h"

namespace drift::migrations {

Syntax::Syntax(PythonSource source) : source_(std::move(source)), error_(source_.error) {
  lines_.reserve(64);
  lines_.push_back(source_.buffer.data());
  if (!error_) Parser(*this, source_.buffer.data()).read(module_, 0);
}

const Syntax::Block& Syntax::block_of(const Stmt& definition) {
  const auto [found, is_first] = blocks_.try_emplace(&definition);
  Block& made = found->second;
  if (!is_first) return made;
  made.body = definition.body;
  if (definition.begin == nullptr) return made;
  Parser parser(*this, definition.begin);
  made.sound = parser.read(made.body);
  const std::string_view text(definition.begin, parser.end());
  made.generator = text.find("yield") != std::string_view::npos;
  if (!made.sound) made.body = {};
  return made;
}

int Syntax::line_of(const char* place) {
  const char* const end = source_.buffer.data() + source_.size;
  // As far as anybody asked. Each line has its end.
  while (lines_.back() <= place && lines_.back() < end) {
    lines_.push_back(std::strchr(lines_.back(), '\n') + 1);
  }
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), place);
  return static_cast<int>(after - lines_.begin());
}

std::string_view Syntax::line_at(int line) const {
  const char* const begin = lines_[static_cast<std::size_t>(line - 1)];
  return {begin, std::strchr(begin, '\n')};
}

}  // namespace drift::migrations
