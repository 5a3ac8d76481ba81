#include "drift/schema/identifiers.h"

#include <algorithm>

#include "drift/base/text.h"

namespace drift::schema {
namespace {

bool is_word(char c) {
  return is_alnum(c) || c == '_' || c == '$' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// The name in quotation marks that begins at `at`, which is then behind it.
std::string quoted_name(std::string_view text, std::size_t& at) {
  std::string name;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 >= text.size() || text[at + 1] != '"') break;
      ++at;
    }
    name += text[at];
  }
  ++at;
  return name;
}

std::string word(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  while (at < text.size() && is_word(text[at])) ++at;
  return std::string(text.substr(begin, at - begin));
}

// The identifier or the single character at `at`, which is then behind it.
std::string piece(std::string_view text, std::size_t& at) {
  if (text[at] == '"') return quoted_name(text, at);
  if (is_word(text[at])) return word(text, at);
  return std::string(1, text[at++]);
}

}  // namespace

bool equal_but_for_names(std::string_view expected, std::string_view live,
                         const std::map<std::string, std::string>& names) {
  std::size_t at = 0;
  std::size_t other = 0;
  while (at < expected.size() && other < live.size()) {
    const std::string should = piece(expected, at);
    const std::string is = piece(live, other);
    if (should == is) continue;
    const auto renamed = names.find(should);
    if (renamed == names.end() || renamed->second != is) return false;
  }
  return at >= expected.size() && other >= live.size();
}

std::vector<std::vector<std::string>> names_in_list(std::string_view list) {
  std::vector<std::vector<std::string>> names(1);
  for (std::size_t at = 0; at < list.size();) {
    if (list[at] == '"') {
      names.back().push_back(quoted_name(list, at));
    } else if (is_word(list[at])) {
      names.back().push_back(word(list, at));
    } else {
      if (list[at] == ',') names.emplace_back();
      ++at;
    }
  }
  return names;
}

std::vector<std::string> name_parts(std::string_view qualified) {
  return names_in_list(qualified).front();
}

std::string without_first(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    if (piece(text, at) != name) continue;
    return std::string(text.substr(0, begin)) + std::string(text.substr(std::min(at, text.size())));
  }
  return std::string(text);
}

}  // namespace drift::schema
