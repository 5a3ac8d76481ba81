// Reading what the SQL API's function returned, whichever of the deployed envelopes it is in.
#pragma once

#include <string>
#include <variant>

#include "drift/sql/sql_source.h"

namespace drift::sql {

// The rows or the SQL error in what the function returned:
// - the bare object, or {"statusCode", "body"} with body an object or a JSON string;
// - {"columns": [names], "rows": [...], "row_count": n}; rows as lists or as objects by column name
//   (then in the order of `columns`, else of the first row); columns and row_count may be missing;
// - {"row": ...} of execute_query_one in place of rows: one row, or none where it is null;
// - errors as {"error": "..."}, {"error": {"type", "message", "sqlstate", ...}}, or a status of 400
//   and above. A SQLSTATE is taken from sqlstate, pgcode or code, or from the name of psycopg2's
//   exception class.
// Values become text: numbers as they were written, true and false as PostgreSQL's t and f.
// Never guesses: anything else (a body without rows, a row_count that contradicts them, rows that
// say they were cut off, of unequal length or of several shapes, a column that a row lacks, a value
// that is no scalar) throws Error{kSqlApiFailed} whose text begins "the SQL API" and says what was
// seen: kinds and key names, never values. Pure.
std::variant<ResultSet, SqlFailure> sql_api_answer(const std::string& payload);

}  // namespace drift::sql
