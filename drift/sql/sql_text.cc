#include "drift/sql/sql_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::sql {
namespace {

void refuse_nul(std::string_view text) {
  // The wire protocol ends strings at a NUL byte, so one would silently cut the statement.
  if (text.find('\0') != std::string_view::npos) {
    throw Error{Fault::kUsage, "a name holds a NUL byte"};
  }
}

}  // namespace

std::string quoted_literal(std::string_view text) {
  refuse_nul(text);
  std::string body;
  bool escapes = false;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    const std::string_view bytes = text.substr(0, character.size);
    text.remove_prefix(character.size);
    const bool backslash = bytes == "\\";
    // A statement that is shown to a person must be the same when it is copied.
    const bool hidden = character.valid && printable(bytes) != bytes;
    escapes = escapes || backslash || hidden;
    if (hidden) {
      body += character.size == 1 ? fmt::format("\\x{:02x}", character.code_point)
                                  : fmt::format("\\u{:04x}", character.code_point);
    } else {
      body += bytes;
      if (backslash || bytes == "'") body += bytes;
    }
  }
  // E'' makes a backslash mean the same under both settings of standard_conforming_strings.
  // https://www.postgresql.org/docs/15/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
  return (escapes ? "E'" : "'") + body + "'";
}

std::string quoted_identifier(std::string_view name) {
  refuse_nul(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + "\"";
}

std::string one_line(std::string_view text, std::size_t most) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  return shortened(text, most);
}

std::string display_identifier(std::string_view name) {
  const auto plain_first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto plain = [&](char c) { return plain_first(c) || is_digit(c); };
  if (!name.empty() && plain_first(name.front()) && std::all_of(name.begin(), name.end(), plain)) {
    return std::string(name);
  }
  return quoted_identifier(name);
}

bool is_sqlstate(std::string_view text) {
  const auto allowed = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); };
  return text.size() == 5 && std::all_of(text.begin(), text.end(), allowed) &&
         std::any_of(text.begin(), text.end(), is_digit);
}

}  // namespace drift::sql
