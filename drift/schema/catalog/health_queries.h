// The questions behind drift/schema/health.h, to pg_catalog alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift::schema {

// Of a transaction that asks them: names are PostgreSQL's own, a lock is waited for a second.
inline constexpr const char* kHealthSettings =
    "SELECT pg_catalog.set_config('search_path', '', true),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', true),"
    " pg_catalog.set_config('lock_timeout', '1000', true),"
    " pg_catalog.set_config('jit', 'off', true)";

struct HealthQuery {
  std::string_view kind;
  // Rows of: table, name, detail, other, busy, and the number of all rows; at most kHealthSingly,
  // by name. None of them takes a lock on what it tells of. What belongs to an extension is passed
  // over. That of version tables takes $1 and $2: table and schema, "" for any.
  std::string sql;
};
std::vector<HealthQuery> health_queries();

// Sequences whose end can be reached: oid, name, column, begin, end. The end is that of the column
// where that comes first.
std::string sequence_query();

// Of the sequences in $1, an oid[]: oid, value, and "locked" or "no right" where that was not read,
// because it would wait or fail. Each that is read stays locked until the end of the transaction.
extern const char* const kSequenceValues;

}  // namespace drift::schema
