#include "drift/config/database_settings.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "drift/base/error.h"

namespace drift::config {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

}  // namespace

sql::DatabaseSettings database_settings(const Options& options) {
  sql::DatabaseSettings database;
  database.location = options.database.value_or("");
  const std::string auth = options.auth.value_or("password");
  if (auth != "password" && auth != "iam") {
    throw Error{Fault::kUsage, fmt::format("\"{}\" is no --auth", auth), "give password or iam"};
  }
  database.iam_auth = auth == "iam";
  // Set by deployments that go through RDS Proxy; without --auth iam they mean nothing to us.
  if (database.iam_auth) {
    database.proxy_endpoint = environment("PROXY_ENDPOINT");
    database.region = environment("DB_REGION");
    database.database_name = environment("DB_NAME");
  } else if (const std::string secret = environment("DB_SECRET_ARN"); !secret.empty()) {
    // Beside another database's location the name would be of the wrong one.
    if (database.location == secret) database.database_name = environment("DB_NAME");
  }
  if (database.location.empty() && database.proxy_endpoint.empty()) {
    throw Error{Fault::kUsage,
                options.target ? fmt::format("target {} has no database", *options.target)
                               : std::string("no database was given"),
                "give --database postgresql://user@host/name, or set SCHEMA_DRIFT_DATABASE"};
  }
  return database;
}

}  // namespace drift::config
