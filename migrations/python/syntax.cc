#include "migrations/python/syntax.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "migrations/python/parser.h"

namespace drift::migrations {

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

}  // namespace drift::migrations
