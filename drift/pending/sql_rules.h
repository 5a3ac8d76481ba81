// Literal SQL, read by PostgreSQL's own grammar (libpg_query), and what its statements do.
#pragma once

#include <string>
#include <vector>

#include "drift/pending/ledger.h"
#include "drift/pending/operation.h"
#include "drift/pending/rules.h"

namespace drift::pending {

// One operation for each statement of `sql`, in order; `like` gives each its line and its kind.
// What the grammar does not know is opaque. The ledger is brought forward statement by statement.
std::vector<Operation> operations_of_sql(const std::string& sql, const Operation& like,
                                         Ledger& ledger);

// How an expression is computed that stands as a default.
Default default_of(const std::string& expression);
// The type that `written` names, "numeric(10, 2)[]".
ColumnType written_type(const std::string& written, const Ledger& ledger);

}  // namespace drift::pending
