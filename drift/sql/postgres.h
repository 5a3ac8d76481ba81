// A SqlSource over libpq. The only user of libpq.
#pragma once

#include <memory>
#include <string>

#include "drift/sql/connection_plan.h"
#include "drift/sql/sql_source.h"

namespace drift {
class Stop;
}

namespace drift::sql {

// Connects to a postgresql:// or postgres:// URL (or a libpq keyword string) and begins one
// READ ONLY, REPEATABLE READ transaction. Its statement_timeout, lock_timeout,
// idle_in_transaction_session_timeout and row_security=off (so that rows hidden from the role are
// an error, never missing) are set by SET LOCAL inside it, and nothing is asked for at start-up
// but application_name and client_encoding, so that it works through PgBouncer in transaction
// mode. PG* environment variables, the service file and ~/.pgpass count as in psql, as do several
// hosts and target_session_attrs.
// sslmode is verify-full unless the URL, PGSSLMODE or the service file says otherwise or every
// host is a socket or loopback; what is weaker than verify-full is a warning, except there.
// connect_timeout (10 s where none is given) bounds each address that is tried.
// Every wait ends with `stop`, except for the resolution of a host name, which libpq leaves to
// getaddrinfo(3) and nothing can interrupt: the resolver's own timeout bounds it.
// Destroying the source ends the transaction. Uses no thread but, once `stop` is due, one that
// asks the server to cancel. Not thread-safe.
// Throws as SqlSource::query, Error{kUsage} for a URL that libpq cannot parse,
// Error{kPermissionDenied} for a role that may not connect, and Error{kSqlFailed} where the
// server refuses to begin.
std::unique_ptr<SqlSource> open_postgres(const std::string& url, const Stop& stop);

// The same with the options themselves, so that nothing has to be quoted into a URL.
std::unique_ptr<SqlSource> open_postgres(const ConnectionOptions& options, const Stop& stop);

// What `url` itself says. Throws Error{kUsage} for a URL that libpq cannot parse.
ConnectionOptions url_options(const std::string& url);

// `asked` with the service file, PG* variables and libpq's defaults filled in, the password aside.
// Throws Error{kUsage}.
ConnectionOptions completed_options(const ConnectionOptions& asked);

// The database name in `url`, for naming a target; "" where it has none.
// Throws Error{kUsage} for a URL that libpq cannot parse.
std::string database_name(const std::string& url);

}  // namespace drift::sql
