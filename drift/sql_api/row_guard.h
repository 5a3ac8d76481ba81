// Keeps a row that cannot fit into an answer at the server: libpq would hold it whole first.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/sql/postgres.h"

namespace drift::sql_api {

struct GuardedStatement {
  std::string text;
  std::size_t prefix = 0;  // characters of `text` before the statement that it guards
};

// `sql` as a subquery whose rows are measured where they are made, each value once; a row of which
// the values that can be large have more than `most_bytes` fails with an error that
// `is_of_row_guard` knows. Names, types and order of the columns stay. Nothing where no column can
// be large. Requires a statement that may stand in FROM (SELECT, WITH without changes, VALUES,
// TABLE) and the columns that the server describes for it. Throws as sql_tokens. Pure.
std::optional<GuardedStatement> guarded(std::string_view sql,
                                        const std::vector<sql::Column>& columns,
                                        std::size_t most_bytes);

bool is_of_row_guard(const sql::ServerError& error);

}  // namespace drift::sql_api
