// A SqlSource over one connection to PostgreSQL.
#pragma once

#include <memory>
#include <string>

#include "drift/sql/connection_plan.h"
#include "drift/sql/sql_source.h"

namespace drift {
class Stop;
}

namespace drift::sql {

class Connection;

// Begins one READ ONLY, REPEATABLE READ transaction (drift/sql/read_only_transaction.h) in a
// connection that is in none, and asks everything in it. What is weaker than sslmode=verify-full is
// a warning, except on a socket or the loopback. Every wait ends with `stop`, which must outlive
// the source. Destroying the source ends the transaction. Not thread-safe.
// Throws as SqlSource::query, and Error{kSqlFailed} where the server refuses to begin.
std::unique_ptr<SqlSource> read_through(std::unique_ptr<Connection> connection, const Stop& stop);

// The same in a connection of its own. Throws as Connection, too.
std::unique_ptr<SqlSource> open_postgres(const std::string& url, const Stop& stop);

}  // namespace drift::sql
