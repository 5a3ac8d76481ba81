#include "drift/sql/sql_text.h"

#include <algorithm>

#include "drift/base/printable.h"
#include "drift/sql/sql_source.h"

namespace drift::sql {

std::string one_line(std::string_view text, std::size_t most) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  return shortened(text, most);
}

std::string display_identifier(std::string_view name) {
  const auto plain_first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto plain = [&](char c) { return plain_first(c) || (c >= '0' && c <= '9'); };
  if (!name.empty() && plain_first(name.front()) && std::all_of(name.begin(), name.end(), plain)) {
    return std::string(name);
  }
  return quoted_identifier(name);
}

}  // namespace drift::sql
