// Reading what the SQL API's function returned, whichever of the deployed envelopes it is in: the
// bare answer, or {"statusCode", "body"} with body a value or a JSON string of one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drift/sql/sql_source.h"
#include "drift/sql/strict_json.h"

namespace drift::sql {

struct ApiAnswer {
  std::vector<std::string> columns;
  std::vector<std::string> types;  // of the columns; empty where the function does not tell
  std::vector<std::vector<JsonValue>> rows;  // each as wide as `columns`
  std::optional<std::string> affected_rows;
  // Where the next page begins; "" where these were all the rows.
  std::string next_cursor;
  // The key by which the function says that these are not all the rows, without a way to the rest.
  std::string cut_off;
};

// What the database said against the statement, or what kept the function from asking it.
struct ApiRefusal {
  std::string message;
  std::string type;      // "connection_failed"; "" where the function does not tell
  std::string sqlstate;  // "" where it does not tell
  std::string detail, hint;
  std::size_t position = 0;  // of the statement's character, from 1; 0 where none is told
};

// The answer to any request:
// - {"columns": [names], "rows": [...], "row_count": n}; rows as lists or as objects by column name
//   (then in the order of `columns`, else of the first row); columns and row_count may be missing,
//   and columns without names are column1, column2;
// - {"row": ...} of execute_query_one in place of rows: one row, or none where it is null;
// - {"affected_rows": n}, with rows or without;
// - anything else, which becomes rows: a list goes by its key ({"tables": [...]}), or by the
// members
//   of its objects; a single value is one row ({"version": "..."}).
// Errors are {"error": "..."}, {"error": {"type", "message", "sqlstate", ...}}, or a status of 400
// and above. A SQLSTATE is taken from sqlstate, pgcode or code, or from the name of psycopg2's
// exception class.
// Never guesses: rows of unequal length or of several shapes, a column that a row lacks, a name for
// two columns of objects, a status that is no success, text that is not JSON and what else cannot
// be understood throw Error{kSqlApiFailed} whose text begins "the SQL API" and says what was seen:
// kinds and key names, never values. Pure.
std::variant<ApiAnswer, ApiRefusal> read_api_answer(const std::string& payload);

// The answer to a query whose rows must be all there: reads the same, and refuses besides what is
// neither rows nor a row, a row_count that contradicts them, rows that say they were cut off or go
// on, and values that are lists or objects. Values become text: numbers as they were written, true
// and false as PostgreSQL's t and f.
std::variant<ResultSet, SqlFailure> sql_api_answer(const std::string& payload);

}  // namespace drift::sql
