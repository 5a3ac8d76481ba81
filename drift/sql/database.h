// From what --database says to a connection or a SqlSource.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/aws/client.h"
#include "drift/base/clock.h"
#include "drift/sql/postgres.h"
#include "drift/sql/sql_source.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::sql {

struct DatabaseSettings {
  // postgresql://..., a libpq keyword string, lambda:NAME[:QUALIFIER], a Lambda function ARN,
  // a Secrets Manager ARN, or ssm:/path/prefix.
  std::string location;
  bool iam_auth = false;  // --auth iam: an RDS token is the password, TLS is forced
  // PROXY_ENDPOINT, DB_REGION, DB_NAME; "" where not set.
  std::string proxy_endpoint, region, database_name;
  // The database itself, whatever `location` says of it; "" leaves it to that. Not of a function.
  std::string dbname = {};
  // Of a secret: a function of the SQL API that may read the same database, and is asked where the
  // server itself cannot be reached (drift/sql/way.h). "" for none.
  std::string function_instead = {};
  // Of a function: a warning about how it came to be asked; "" for none.
  std::string remark = {};

  bool operator==(const DatabaseSettings&) const = default;
};

// Whether the location is a function of the SQL API. Throws Error{kUsage} for one that is nothing.
bool is_function(const DatabaseSettings& settings);

// What tells one server from another without asking for it: the hosts and ports of a URL, the
// function, or the secret or parameters that name them, each taken for a server of its own. Not for
// people. Never throws: what is malformed is told when it is opened.
std::string server_of(const DatabaseSettings& settings);

struct OpenConnection {
  std::unique_ptr<Connection> connection;
  // What a person should know about how it was reached.
  std::vector<std::string> warnings;
  // When the token that it was opened with is about to expire: a connection that is kept should be
  // opened anew by then. Nothing where it was opened with a password.
  std::optional<TimePoint> renew_by;
};

// A connection to the server itself. Throws as open_database, and Error{kUsage} for a function.
OpenConnection open_connection(const DatabaseSettings& settings, const aws::SessionSource& session,
                               const Stop& stop, const Log& log);

// Of a location that is a function. Throws as open_sql_api, and Error{kUsage} with --auth iam.
std::unique_ptr<SqlSource> open_function(const DatabaseSettings& settings,
                                         const aws::SessionSource& session, const Stop& stop);

// Opens whichever it is, by the way that find_way finds; `session` is asked for only where AWS is
// needed. Secrets and parameters are read first; what they hold never reaches a message. Throws as
// find_way, read_through, open_sql_api and aws::Client::call, and Error{kUsage} for a location that
// is none of these (naming the forms).
std::unique_ptr<SqlSource> open_database(const DatabaseSettings& settings,
                                         const aws::SessionSource& session, const Stop& stop,
                                         const Log& log);

}  // namespace drift::sql
