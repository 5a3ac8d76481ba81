// The questions behind drift/schema/health.h, to pg_catalog alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift::schema {

// Of a transaction that asks them: names are PostgreSQL's own, a lock is waited for a second, and
// joins are made as they are written, since to think of others takes a new connection longer than
// the questions themselves.
inline constexpr const char* kHealthSettings =
    "SELECT pg_catalog.set_config('search_path', '', true),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', true),"
    " pg_catalog.set_config('lock_timeout', '1000', true),"
    " pg_catalog.set_config('jit', 'off', true),"
    " pg_catalog.set_config('join_collapse_limit', '1', true),"
    " pg_catalog.set_config('from_collapse_limit', '1', true)";

struct HealthQuery {
  std::string_view kind;
  // Rows of: table, name, detail, other, busy, and the number of all rows; at most kHealthSingly,
  // by name. None of them takes a lock on what it tells of. What belongs to an extension is passed
  // over. That of version tables takes $1 and $2: table and schema, "" for any.
  std::string sql;
  // A condition that reads one catalog and is false only where the query has no row; "" for what
  // most databases have.
  std::string_view possible;
};
std::vector<HealthQuery> health_queries();

// One row: of each query with such a condition, whether it holds. Takes $1: the version table.
std::string glance_query();

// Sequences whose end can be reached: oid, name, column, begin, end. The end is that of the column
// where that comes first.
std::string sequence_query();

// Of the sequences in $1, an oid[]: oid, value, and "locked" or "no right" where that was not read,
// because it would wait or fail. Each that is read stays locked until the end of the transaction.
extern const char* const kSequenceValues;

}  // namespace drift::schema
