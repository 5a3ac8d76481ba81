#include "migrations/python_bodies.h"

#include <algorithm>
#include <array>

#include "migrations/python_characters.h"

namespace drift::migrations {
namespace {

constexpr std::array<std::string_view, 10> kReflectiveAnywhere = {
    "globals", "exec",        "execfile", "eval",    "f_globals",
    "modules", "__globals__", "f_locals", "compile", "__builtins__"};
constexpr std::array<std::string_view, 4> kFunctionsOnly = {"exec", "eval", "compile", "globals"};
constexpr std::array<std::string_view, 6> kReflectiveAtModuleLevel = {
    "vars", "locals", "setattr", "delattr", "__dict__", "__setattr__"};
// Inside functions these lead to the module object, with which anything can be done.
constexpr std::array<std::string_view, 2> kReflectiveInBodies = {"import_module", "__import__"};

template <typename Words>
bool among(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool is_reflective_word(std::string_view word, bool at_module_level) {
  // Nearly every word of a migration is told apart by its first letter or its length.
  if (word.size() < 4 || word.size() > 13) return false;
  constexpr std::string_view kInitials = "_cdefgilmsv";
  if (kInitials.find(word[0]) == std::string_view::npos) return false;
  if (among(kReflectiveAnywhere, word)) return true;
  return at_module_level ? among(kReflectiveAtModuleLevel, word) : among(kReflectiveInBodies, word);
}

bool is_harmless_as_attribute(std::string_view word) { return among(kFunctionsOnly, word); }

std::vector<std::string_view> words_in(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_name_character(text[end])) ++end;
    if (end > i) words.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  return words;
}

void PythonBodies::read_word(std::string_view word, bool attribute) {
  if (!attribute) names_.insert(word);
  if (word == "setattr" || word == "delattr" || word == "__dict__") sets_attributes_ = true;
  if (reflective_words_.empty() && is_reflective_word(word, false) &&
      !(attribute && is_harmless_as_attribute(word))) {
    reflective_words_.push_back(word);
  }
}

void PythonBodies::read(std::span<const Token> tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kString) {
      const std::string_view text = token.text();
      const bool prefixed = text[0] != '\'' && text[0] != '"';
      if (!prefixed || text.find('{') == std::string_view::npos) continue;
      for (const std::string_view word : words_in(text)) read_word(word, false);
      continue;
    }
    if (!token.is_name()) continue;
    const bool attribute = i > 0 && tokens[i - 1].is('.');
    read_word(token.text(), attribute);
    if (attribute && i + 1 < tokens.size() && !tokens[i + 1].is('.') && !tokens[i + 1].is('(')) {
      // Most are only read. To take those for assigned as well is on the safe side, and rarely
      // matters: few migrations import constants.
      attributes_.insert(token.text());
    }
    if (token.text() == "global") {
      for (std::size_t j = i + 1; j < tokens.size() && tokens[j].is_name(); j += 2) {
        globals_.insert(tokens[j].text());
        if (j + 1 >= tokens.size() || !tokens[j + 1].is(',')) break;
      }
    }
  }
}

void PythonBodies::read_new() {
  for (; read_ranges_ < ranges_.size(); ++read_ranges_) {
    const Range range = ranges_[read_ranges_];
    PythonTokenizer tokenizer(source_, range.begin);
    while (tokenizer.position() < range.end && tokenizer.next_line()) read(tokenizer.tokens());
  }
}

}  // namespace drift::migrations
