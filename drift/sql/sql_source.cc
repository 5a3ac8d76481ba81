#include "drift/sql/sql_source.h"

#include "drift/base/error.h"

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
  // E'' makes a backslash mean the same under both settings of standard_conforming_strings.
  const bool escapes = text.find('\\') != std::string_view::npos;
  std::string literal = escapes ? "E'" : "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    literal += c;
  }
  return literal + "'";
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

}  // namespace drift::sql
