#include "drift/config/database_settings.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/base/trusted_folder.h"
#include "drift/config/settings.h"
#include "drift/sql/database_location.h"
#include "drift/sql/postgres.h"
#include "drift/sql_api/gateway_event.h"

namespace drift::config {
namespace {

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

// As docs/aws.md calls it, and the policy of the nightly role there.
constexpr const char* kUsualFunction = "sql-api";

void go_through_todays_function(sql::DatabaseSettings& database) {
  const std::string function = environment_or_empty("SQL_API_FUNCTION");
  if (function.empty()) {
    database.function_instead = kUsualFunction;
  } else {
    const bool complete = function.starts_with("lambda:") || function.starts_with("arn:");
    database.location = complete ? function : "lambda:" + function;
  }
}

// Whether psql without a word would go where these say. One target of several has its own database
// or is wrong.
bool names_database() {
  const auto is_set = [](const char* name) { return nonempty_variable(name).has_value(); };
  return is_set("PGHOST") || is_set("PGHOSTADDR") || is_set("PGDATABASE") || is_set("PGSERVICE");
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
    throw unknown_choice("--auth", auth, "give password or iam");
  }
  database.iam_auth = auth == "iam";
  // Set by deployments that sign in to RDS Proxy with IAM. They name no user and no password, so
  // without --auth iam they cannot stand for a database.
  if (database.iam_auth) {
    database.proxy_endpoint = environment_or_empty("PROXY_ENDPOINT");
    database.region = environment_or_empty("DB_REGION");
    database.database_name = environment_or_empty("DB_NAME");
  } else if (const std::string secret = environment_or_empty("DB_SECRET_ARN"); !secret.empty()) {
    // Beside another database's location the name would be of the wrong one.
    if (database.location == secret) database.database_name = environment_or_empty("DB_NAME");
  }
  // With IAM the secret's password is not what it is for, nor is the function a way.
  if (options.todays_secret && !database.iam_auth) go_through_todays_function(database);
  const bool nowhere = database.location.empty() && database.proxy_endpoint.empty();
  if (nowhere && !options.target && names_database()) {
    database.location = sql::url_of_environment();
  } else if (nowhere) {
    throw Error{Fault::kUsage,
                options.target ? fmt::format("target {} has no database", *options.target)
                               : std::string("no database was given"),
                environment_or_empty("PROXY_ENDPOINT").empty()
                    ? "give --database postgresql://user@host/name, or set SCHEMA_DRIFT_DATABASE"
                    : "PROXY_ENDPOINT is read with --auth iam alone: add that, or give --database "
                      "postgresql://user@host/name"};
  }
  return database;
}

namespace {

// What functions that served a database until now were told by, where nothing else is said. Those
// behind RDS Proxy sign in with IAM, as a user that their code names; others find their database
// under the name of their environment.
Options with_todays_names(Options options) {
  options.todays_secret = false;  // who serves the SQL API is not its own client
  if (options.database || options.database_file) return options;
  const std::string environment = environment_or_empty("ENVIRONMENT");
  if (!environment_or_empty("PROXY_ENDPOINT").empty()) {
    if (!options.auth) options.auth = "iam";
    const bool names_a_user = !environment_or_empty("PGUSER").empty();
    if (*options.auth == "iam" && !names_a_user) options.database = "postgresql://lambda_writer@/";
  } else if (!environment.empty() && !options.auth) {
    options.database = "ssm:/experimentation/" + environment + "/database";
  }
  return options;
}

constexpr int kMostPageRows = 1'000'000;

}  // namespace

SqlApiSettings query_settings(const Options& options, bool mutate) {
  SqlApiSettings settings;
  settings.handler.database = database_settings(options);
  settings.handler.allow_mutations = mutate;
  if (options.allow_function) settings.handler.allow_functions = *options.allow_function;
  settings.handler.audit = options.audit.value_or("");
  settings.handler.audit_statements = options.audit_statements.value_or(false);
  settings.handler.allow_scripts = options.allow_scripts.value_or(false);
  settings.handler.allow_ddl = options.allow_ddl.value_or(false);
  settings.role = role_settings(options);
  settings.listen = options.listen.value_or("127.0.0.1:0");
  settings.invocation_timeout = run_timeout(options);
  return settings;
}

SqlApiSettings sql_api_settings(const Options& options) {
  SqlApiSettings settings =
      query_settings(with_todays_names(options), options.allow_mutations.value_or(false));
  const std::string envelope = options.envelope.value_or("bare");
  if (envelope != "bare" && envelope != "proxy" && envelope != "gateway") {
    throw unknown_choice("--envelope", envelope, "give bare, proxy or gateway");
  }
  settings.gateway = envelope == "gateway";
  if (settings.gateway) {
    settings.handler.max_answer_bytes =
        sql_api::most_gateway_bytes(settings.handler.max_answer_bytes);
  }
  settings.caller_header = ascii_lower(options.caller_header.value_or(""));
  if (envelope == "proxy") settings.handler.envelope = sql_api::Envelope::kProxy;
  const std::string& location = settings.handler.database.location;
  if (!location.empty() && sql::database_location(location).kind == sql::LocationKind::kFunction) {
    throw Error{Fault::kUsage, "the SQL API cannot be served from a function",
                "give the --database that it shall ask itself, such as "
                "postgresql://user@host/name"};
  }
  return settings;
}

std::size_t page_rows(const Options& options) {
  if (!options.page_rows) return 0;
  return static_cast<std::size_t>(
      whole_number("--page-rows", *options.page_rows, 1, kMostPageRows));
}

namespace {

constexpr std::size_t kLongestSecret = 64 * 1024;

}  // namespace

std::string secret_from_file(const std::string& path, std::string_view what,
                             std::string_view option, std::string_view content) {
  auto read = read_trusted_file(path, kLongestSecret);
  if (const auto* why = std::get_if<Untrusted>(&read)) {
    throw Error{
        Fault::kUsage, fmt::format("cannot read the {} file {}: {}", what, path, why->reason),
        fmt::format("{} names a file that holds nothing but {}, and that belongs to this user "
                    "or to root",
                    option, content)};
  }
  std::string text = std::move(std::get<std::string>(read));
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  if (text.empty()) {
    throw Error{Fault::kUsage, fmt::format("the {} file {} is empty", what, path)};
  }
  return text;
}

}  // namespace drift::config
