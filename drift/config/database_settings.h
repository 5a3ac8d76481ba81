// Which database an option list means.
#pragma once

#include "drift/config/options.h"
#include "drift/sql/database.h"

namespace drift::config {

// --database and --auth. PROXY_ENDPOINT, DB_REGION and DB_NAME count with --auth iam, and DB_NAME
// also beside DB_SECRET_ARN: the deployments that set them read them so.
// Throws Error{kUsage} where no database is named, or a way to log in that does not exist.
sql::DatabaseSettings database_settings(const Options& options);

}  // namespace drift::config
