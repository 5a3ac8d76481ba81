// A request's statement and parameters as the server takes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/sql/strict_json.h"

namespace drift::sql_api {

struct BoundStatement {
  std::string text;  // with $1, $2, ...
  std::vector<std::optional<std::string>> parameters;
  // Where parts of `text` begin and where those stood in the statement as it was sent, in bytes.
  struct Part {
    std::size_t here = 0, there = 0;
  };
  std::vector<Part> parts;

  // The position, in characters from 1, in `original` of one in `text`.
  int original_position(int position, std::string_view original) const;
};

// `sql` with `params`, a list, an object or null. Placeholders are $1, $2, ...; or, where there is
// none of them, psycopg's: %s for the members of a list in turn, %(name)s for those of an object,
// and then %% everywhere is one percent sign, as psycopg reads it. Nothing is ever pasted.
// https://www.psycopg.org/psycopg3/docs/basic/params.html
// Throws Error{kUsage} where placeholders and parameters do not match, where a placeholder stands
// inside a string, a quoted identifier or a comment, and for a single % beside %s; and as
// sql_tokens.
BoundStatement bound_statement(std::string_view sql, const sql::JsonValue& params);

// A value as PostgreSQL reads it from text: numbers as written, true and false, a list as an array
// ({1,2,NULL}), an object as JSON; nothing for null.
std::optional<std::string> parameter_text(const sql::JsonValue& value);

}  // namespace drift::sql_api
