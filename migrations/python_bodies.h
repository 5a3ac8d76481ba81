// What the skipped bodies of a module could do to its names, should they run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "migrations/python_source.h"
#include "migrations/python_tokenizer.h"

namespace drift::migrations {

// Whether a word gives access to a namespace by other means than assignment, such as `globals`.
// More words are harmless inside a function than at module level: locals(), say.
bool is_reflective_word(std::string_view word, bool at_module_level);
// Whether such a word is harmless behind a dot: `session.exec()` is SQLModel's.
bool is_harmless_as_attribute(std::string_view word);

// Bodies are noted as they are skipped and read only when something may have run one of them,
// which a plain migration never does while it is imported.
class PythonBodies {
 public:
  explicit PythonBodies(const PythonSource& source) : source_(source) {}

  // Notes the body that begins at `begin`, the start of a line or of a statement.
  void add(const char* begin, const char* end) { ranges_.push_back({begin, end}); }
  // Reads code that runs later but stands in the line being read: a lambda.
  void read(std::span<const Token> tokens);

  // Reads the bodies noted since the last call.
  void read_new();

  // Of the bodies read so far.
  bool declares_global(std::string_view name) const { return globals_.contains(name); }
  bool mentions(std::string_view name) const { return names_.contains(name); }
  // Whether they assign some `x.name`.
  bool assigns_attribute(std::string_view name) const {
    return sets_attributes_ || attributes_.contains(name);
  }
  const std::vector<std::string_view>& reflective_words() const { return reflective_words_; }

 private:
  struct Range {
    const char* begin;
    const char* end;
  };

  void read_word(std::string_view word, bool attribute);
  void read_string(std::string_view text);

  const PythonSource& source_;
  std::vector<Range> ranges_;
  std::size_t read_ranges_ = 0;
  std::unordered_set<std::string_view> names_;
  std::unordered_set<std::string_view> globals_;
  std::unordered_set<std::string_view> attributes_;
  bool sets_attributes_ = false;                    // by setattr(), so any of them
  std::vector<std::string_view> reflective_words_;  // the first one is all that is needed
};

// The names in the text of an f-string, whose fields hold code. What is not code there does no
// harm.
std::vector<std::string_view> words_in(std::string_view text);

}  // namespace drift::migrations
