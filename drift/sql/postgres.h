// A SqlSource over libpq. The only user of libpq.
#pragma once

#include <memory>
#include <string>

#include "drift/sql/sql_source.h"

namespace drift {
class Stop;
}

namespace drift::sql {

// Connects to a postgresql:// or postgres:// URL (or a libpq keyword string) and begins one
// READ ONLY, REPEATABLE READ transaction with statement_timeout, lock_timeout and
// idle_in_transaction_session_timeout set locally, so that it works through pgbouncer in
// transaction mode. PG* environment variables and ~/.pgpass count as in psql.
// sslmode is verify-full unless the URL (or PGSSLMODE) says otherwise or the host is a socket or
// loopback; what is weaker than verify-full is a warning.
// Every wait ends with `stop`. Destroying the source rolls the transaction back.
// Throws as SqlSource::query, and Error{kUsage} for a URL that libpq cannot parse.
std::unique_ptr<SqlSource> open_postgres(const std::string& url, const Stop& stop);

// The database name in `url`, for naming a target; "" where it has none.
std::string database_name(const std::string& url);

}  // namespace drift::sql
