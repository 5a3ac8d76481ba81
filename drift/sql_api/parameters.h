// A request's statement and parameters as the server takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/sql/strict_json.h"
#include "drift/sql_api/value_type.h"

namespace drift::sql_api {

struct BoundStatement {
  std::string text;  // with $1, $2, ...
  std::vector<std::optional<std::string>> parameters;
  // Of the parameters, where their values say it (typed_by_value); else the server infers them all.
  std::vector<std::uint32_t> value_types;
  // Where parts of `text` begin and where those stood in the statement as it was sent, in bytes.
  struct Part {
    std::size_t here = 0, there = 0;
  };
  std::vector<Part> parts;

  // What `parameters` were made from, in their order; parts of the request.
  std::vector<const sql::JsonValue*> values;

  // Whether a parameter's text goes by the type of its place: a string is Base64 for bytea, a list
  // may be an array or JSON.
  bool depends_on_types() const;
  // `types` of the places $1, $2, ...; with none the parameters stay as they are. Throws
  // Error{kUsage} for a value that its place cannot take.
  void take_types(const std::vector<ValueType>& types);
  // Types each parameter by its value and not by its place, as psycopg does it for what JSON holds:
  // 5 is the smallest integer type that it fits, 1.0 float8, true bool, a list an array of those;
  // a string, null and what else there is has no type of its own.
  // https://www.psycopg.org/psycopg3/docs/basic/adapt.html
  void type_by_value();

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
// `of_psycopg`: a list or an object without anything in it makes %% one percent sign, too, as with
// psycopg, where only null leaves the statement as it is.
BoundStatement bound_statement(std::string_view sql, const sql::JsonValue& params,
                               bool of_psycopg = false);

// A value as PostgreSQL reads it from text where nothing is known of its place: numbers as written,
// true and false, a list as an array ({1,2,NULL}), an object as JSON; nothing for null.
std::optional<std::string> parameter_text(const sql::JsonValue& value);

// The same for a place of `type`. bytea: a string is Base64, or \x and hexadecimal digits. json and
// jsonb: a list is JSON, and a string is the JSON document itself. Arrays: a list, its elements as
// their type has them. `place` is the number that an error names.
// Throws Error{kUsage} for a list where nothing takes one, and for a string that is no bytea.
std::optional<std::string> parameter_text(const sql::JsonValue& value, const ValueType& type,
                                          std::size_t place);

}  // namespace drift::sql_api
