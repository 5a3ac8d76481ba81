// Several statements in one text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drift::sql_api {

struct ScriptStatement {
  std::string text;       // without the semicolon
  std::size_t begin = 0;  // where it stands in the script, in bytes
  bool ended = false;     // a semicolon stands behind it
};

// The statements of `sql`, parted where psql parts them: at semicolons outside of brackets and of
// BEGIN ATOMIC ... END. One at the most where there are none; empty ones are left out. Where it
// parts too often, the server finds fault with the parts: no text becomes another statement by it.
// Throws as sql_tokens. Pure.
std::vector<ScriptStatement> script_statements(std::string_view sql);

}  // namespace drift::sql_api
