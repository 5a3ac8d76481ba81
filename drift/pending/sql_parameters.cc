#include "drift/pending/sql_parameters.h"

#include <algorithm>

#include "drift/base/text.h"

namespace drift::pending {

std::string without_parameters(const std::string& sql) {
  std::string made;
  const auto is_word = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
  int parameters = 0;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (c == '\\' && i + 1 < sql.size() && sql[i + 1] == ':') continue;
    const char before = i > 0 ? sql[i - 1] : ' ';
    const bool begins = c == ':' && before != ':' && before != '\\' && !is_word(before) &&
                        i + 1 < sql.size() && is_word(sql[i + 1]);
    if (!begins) {
      made += c;
      continue;
    }
    std::size_t end = i + 1;
    while (end < sql.size() && is_word(sql[end])) ++end;
    if (end < sql.size() && sql[end] == ':') {
      made += c;
      continue;
    }
    made += "$" + std::to_string(++parameters);
    i = end - 1;
  }
  return made;
}

std::string without_driver_parameters(const std::string& sql) {
  std::string made;
  int parameters = 0;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] != '%' || i + 1 >= sql.size()) {
      made += sql[i];
      continue;
    }
    ++i;
    if (sql[i] == '%') {
      made += '%';
      continue;
    }
    if (sql[i] == '(') i = std::min(sql.find(')', i), sql.size() - 2) + 1;
    made += "$" + std::to_string(++parameters);
  }
  return made;
}

}  // namespace drift::pending
