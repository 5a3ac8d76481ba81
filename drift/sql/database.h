// From what --database says to a SqlSource.
#pragma once

#include <memory>
#include <string>

#include "drift/aws/client.h"
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

  bool operator==(const DatabaseSettings&) const = default;
};

// Opens whichever it is; `session` is asked for only where AWS is needed. Secrets and parameters
// are read first; what they hold never reaches a message. Throws as open_postgres, open_sql_api and
// aws::Client::call, and Error{kUsage} for a location that is none of these (naming the forms).
std::unique_ptr<SqlSource> open_database(const DatabaseSettings& settings,
                                         const aws::SessionSource& session, const Stop& stop,
                                         const Log& log);

}  // namespace drift::sql
