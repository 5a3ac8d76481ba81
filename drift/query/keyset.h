// Pages that agree with each other: each goes on behind the last key of the one before.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/sql/api_client_answer.h"
#include "drift/sql_api/request.h"

namespace drift {
class Stop;
}

namespace drift::query {

class Door;

// A statement whose rows one key tells apart.
struct Keyset {
  std::string statement;         // without what may stand behind it
  std::vector<std::string> key;  // columns of its rows, in the key's order
};

// The table of a statement that is `SELECT * FROM table`, with WHERE or without, or `TABLE table`:
// its rows are those of the table, in no order that was asked for. Nothing for any other one,
// however little it differs. Pure.
std::optional<sql_api::TableName> whole_table(std::string_view statement);

// The key of the rows of `statement`: the primary key of its table, asked of the function, where
// the rows are those of one table alone (no view, no table that others inherit from). Nothing where
// that is not known. Throws as Door::ask.
std::optional<Keyset> find_keyset(Door& door, const std::string& statement, const Stop& stop);

// The statement for the rows behind a key, whose values are then $1, $2, ...; of the first page
// without them. In the order of the key.
std::string page_statement(const Keyset& keyset, bool first);

// The values of the key in the last row, as parameters. Nothing where the answer is not one of the
// keyset's, or where a value of its key cannot be sent back as text. Requires a row.
std::optional<std::vector<std::string>> last_key(const Keyset& keyset,
                                                 const sql::ApiAnswer& answer);

}  // namespace drift::query
