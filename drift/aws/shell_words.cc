#include "drift/aws/shell_words.h"

namespace drift::aws {

std::optional<std::vector<std::string>> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // set inside one, even where it is empty yet ('')
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (word) words.push_back(std::move(*word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '\\') {
      if (++i == text.size()) return std::nullopt;
      *word += text[i];
    } else if (c == '\'' || c == '"') {
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (c == '"' && text[i] == '\\') {
          if (++i == text.size()) return std::nullopt;
          // Before any other character the backslash stays.
          if (text[i] != '"' && text[i] != '\\') *word += '\\';
        }
        *word += text[i];
      }
      if (i == text.size()) return std::nullopt;
    } else {
      *word += c;
    }
  }
  if (word) words.push_back(std::move(*word));
  return words;
}

}  // namespace drift::aws
