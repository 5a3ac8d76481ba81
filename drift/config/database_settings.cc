#include "drift/config/database_settings.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "drift/base/error.h"
#include "drift/config/secret_file.h"

namespace drift::config {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

std::string location_in_file(const std::string& path) {
  std::string location =
      secret_from_file(path, "database", "--database-file", "what --database would say");
  // A second line would become part of the URL's last word, and stand in an error about it.
  if (location.find_first_of("\r\n") != std::string::npos) {
    throw Error{Fault::kUsage, fmt::format("the database file {} has more than one line", path),
                "it holds nothing but what --database would say"};
  }
  return location;
}

}  // namespace

sql::DatabaseSettings database_settings(const Options& options) {
  sql::DatabaseSettings database;
  if (options.database && options.database_file) {
    throw Error{Fault::kUsage, "both --database and --database-file were given",
                "the file says what --database would say: give one of them"};
  }
  database.location = options.database.value_or("");
  if (options.database_file) database.location = location_in_file(*options.database_file);
  const std::string auth = options.auth.value_or("password");
  if (auth != "password" && auth != "iam") {
    throw Error{Fault::kUsage, fmt::format("\"{}\" is no --auth", auth), "give password or iam"};
  }
  database.iam_auth = auth == "iam";
  // Set by deployments that sign in to RDS Proxy with IAM. They name no user and no password, so
  // without --auth iam they cannot stand for a database.
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
                environment("PROXY_ENDPOINT").empty()
                    ? "give --database postgresql://user@host/name, or set SCHEMA_DRIFT_DATABASE"
                    : "PROXY_ENDPOINT is read with --auth iam alone: add that, or give --database "
                      "postgresql://user@host/name"};
  }
  return database;
}

}  // namespace drift::config
