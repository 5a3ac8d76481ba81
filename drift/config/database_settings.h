// Which database an option list means.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "drift/check/aws_access.h"
#include "drift/config/options.h"
#include "drift/sql/database.h"
#include "drift/sql_api/handler.h"

namespace drift::config {

// --database and --auth. PROXY_ENDPOINT, DB_REGION and DB_NAME count with --auth iam, and DB_NAME
// also beside DB_SECRET_ARN: the deployments that set them read them so. Where nothing of ours
// names a database, and none of several targets is meant, PGHOST, PGHOSTADDR, PGDATABASE or
// PGSERVICE do. Throws Error{kUsage} where no database is named, or a way to log in that does not
// exist.
//
// RDS_SECRET_ARN is a variable of a function that reached its database through the SQL API alone.
// Where SQL_API_FUNCTION names that, it is the database; else the function of docs/aws.md, sql-api,
// is what is asked where the secret's host does not answer (drift/sql/way.h).
sql::DatabaseSettings database_settings(const Options& options);

// ------------------------------------------------- from options to what serves or asks the SQL API

struct SqlApiSettings {
  sql_api::HandlerSettings handler;
  check::Role role;
  std::string listen;
  std::string caller_header;  // in lower case
  // Requests are events of API Gateway, which says who asks (drift/sql_api/gateway_event.h), and
  // nothing else is answered: for a function that only API Gateway may invoke.
  bool gateway = false;
  std::chrono::seconds invocation_timeout{300};
};

// For `sql-api`. Throws Error{kUsage} as database_settings and run_timeout, and for a database that
// is a function.
SqlApiSettings sql_api_settings(const Options& options);

// For `query`: as above, but the database may be a function, and `mutate` decides whether a handler
// in this process lets mutations through.
SqlApiSettings query_settings(const Options& options, bool mutate);

// --page-rows; 0 where nobody asks for pages. Throws Error{kUsage} unless a whole number from 1 to
// 1000000.
std::size_t page_rows(const Options& options);

// ------------------------------------------------------------
// A file that holds one secret and nothing else, as systemd and other platforms hand them out.

// The text of the file without the white space at its end. `what` ("token"), `option`
// ("--git-token-file") and `content` ("the token") are for messages, which hold nothing of the
// text. Throws Error{kUsage} where the file cannot be read, is empty or is larger than 64 KiB.
std::string secret_from_file(const std::string& path, std::string_view what,
                             std::string_view option, std::string_view content);

}  // namespace drift::config
