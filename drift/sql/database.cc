#include "drift/sql/database.h"

#include <fmt/format.h>

#include <utility>

#include "drift/aws/client.h"
#include "drift/aws/endpoint.h"
#include "drift/aws/services/secrets.h"
#include "drift/aws/sigv4.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/sql/connection_plan.h"
#include "drift/sql/connection_record.h"
#include "drift/sql/database_location.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/way.h"

namespace drift::sql {
namespace {

// How long an IAM token lets in, less a minute for whatever stands between.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
constexpr std::chrono::minutes kTokenLife{14};

class Opening {
 public:
  Opening(const DatabaseSettings& settings, const aws::SessionSource& session, const Stop& stop,
          const Log& log)
      : settings_(settings), session_(session), stop_(stop), log_(log) {}

  OpenConnection from_url(const std::string& url) {
    ConnectionOptions options = url.empty() ? ConnectionOptions{} : url_options(url);
    if (!settings_.dbname.empty()) options["dbname"] = settings_.dbname;
    return settings_.iam_auth ? with_token(std::move(options)) : plain(options);
  }

  OpenConnection from_secret(const std::string& secret_id) {
    if (settings_.function_instead.empty()) return from_record(read_secret(secret_id), secret_id);
    try {
      return from_record(read_secret(secret_id), secret_id);
    } catch (const Error& error) {
      if (!is_out_of_reach(error)) throw;
      throw Error{error.fault, error.what(), function_hint(""), error.retryable};
    }
  }

  OpenConnection from_parameters(const std::string& path) {
    log_.info("reading parameters", {{"path", path}});
    ConnectionRecord record =
        record_of_parameters(aws::parameters_by_path(session_(), path, stop_), path);
    std::string credentials = "the parameters under " + path;
    const bool incomplete = record.user.empty() || (record.password.empty() && !settings_.iam_auth);
    if (!record.secret.empty() && incomplete) {
      credentials = record.secret;
      record = merged(record, read_secret(record.secret));
    }
    return from_record(std::move(record), credentials);
  }

 private:
  ConnectionRecord read_secret(const std::string& secret_id) {
    log_.info("reading secret", {{"secret", secret_id}});
    return record_of_secret(aws::secret_value(session_(), secret_id, stop_), secret_id);
  }

  // `credentials` names where user and password come from.
  OpenConnection from_record(ConnectionRecord record, const std::string& credentials) {
    ConnectionRecord around;
    const HostAndPort proxy = host_and_port(settings_.proxy_endpoint);
    around.host = proxy.host;
    around.port = proxy.port;
    around.dbname = settings_.database_name;
    record = merged(record, around);
    if (!settings_.dbname.empty()) record.dbname = settings_.dbname;
    ConnectionOptions options = connection_options(record, !settings_.iam_auth);
    OpenConnection opened =
        settings_.iam_auth ? with_token(std::move(options)) : with_password(options, credentials);
    if (record.reader) {
      opened.warnings.push_back(fmt::format(
          "read through the reader endpoint {}, which may lag behind the writer", record.host));
    }
    return opened;
  }

  OpenConnection plain(const ConnectionOptions& options) {
    OpenConnection opened;
    opened.connection = std::make_unique<Connection>(options, stop_);
    return opened;
  }

  OpenConnection with_password(const ConnectionOptions& options, const std::string& credentials) {
    try {
      return plain(options);
    } catch (const Error& error) {
      if (error.fault != Fault::kDatabaseAuthenticationFailed) throw;
      throw Error{error.fault, error.what(),
                  fmt::format("check username and password in {}: the secret may have been rotated "
                              "without the database, or the other way round",
                              credentials)};
    }
  }

  OpenConnection with_token(ConnectionOptions asked) {
    const IamSettings around{settings_.proxy_endpoint, settings_.region, settings_.database_name};
    asked = with_proxy(asked, around);
    IamPlan plan = plan_iam_auth(asked, completed_options(asked), around);
    if (plan.region.empty()) plan.region = session_().region();
    const aws::Credentials credentials = session_().credentials(stop_);
    const TimePoint made = session_().now();
    log_.info("made an IAM token", {{"host", plan.host}, {"user", plan.user}});
    plan.options["password"] =
        aws::rds_auth_token(plan.host, plan.port, plan.user, plan.region, credentials.keys, made);
    try {
      OpenConnection opened = plain(plan.options);
      opened.renew_by = made + kTokenLife;
      return opened;
    } catch (const Error& error) {
      if (error.fault != Fault::kDatabaseAuthenticationFailed) throw;
      throw Error{
          error.fault, error.what(),
          fmt::format("allow rds-db:connect on arn:{}:rds-db:{}:ACCOUNT:dbuser:RESOURCE/{} to {}, "
                      "and GRANT rds_iam TO {} in the database",
                      aws::partition_of(plan.region), plan.region, plan.user, credentials.source,
                      display_identifier(plan.user))};
    }
  }

  const DatabaseSettings& settings_;
  const aws::SessionSource& session_;
  const Stop& stop_;
  const Log& log_;
};

}  // namespace

OpenConnection open_connection(const DatabaseSettings& settings, const aws::SessionSource& session,
                               const Stop& stop, const Log& log) {
  Opening opening(settings, session, stop, log);
  // PROXY_ENDPOINT and PGUSER can say all there is to say.
  if (settings.iam_auth && settings.location.empty()) return opening.from_url("");
  const DatabaseLocation location = database_location(settings.location);
  switch (location.kind) {
    case LocationKind::kPostgres: return opening.from_url(location.name);
    case LocationKind::kSecret: return opening.from_secret(location.name);
    case LocationKind::kParameters: return opening.from_parameters(location.name);
    case LocationKind::kFunction: break;
  }
  throw Error{Fault::kUsage, "the database is a function of the SQL API, not a PostgreSQL server",
              "give a postgresql:// URL, the ARN of a secret or ssm:/path/prefix"};
}

std::unique_ptr<SqlSource> open_database(const DatabaseSettings& settings,
                                         const aws::SessionSource& session, const Stop& stop,
                                         const Log& log) {
  Way way = find_way(settings, session, stop, log);
  if (!way.connection) return open_function(way.settings, session, stop);
  return read_through(std::move(way.connection->connection), std::move(way.connection->warnings),
                      stop);
}

std::unique_ptr<SqlSource> open_function(const DatabaseSettings& settings,
                                         const aws::SessionSource& session, const Stop& stop) {
  if (settings.iam_auth) {
    throw Error{Fault::kUsage, "--auth iam is for a database that is reached directly",
                "the SQL API's function logs in by itself: leave --auth iam out"};
  }
  std::vector<std::string> warnings;
  if (!settings.remark.empty()) warnings.push_back(settings.remark);
  return open_sql_api(session(), database_location(settings.location).name, stop,
                      std::move(warnings));
}

std::string server_of(const DatabaseSettings& settings) {
  if (settings.location.empty()) return settings.proxy_endpoint;
  try {
    const DatabaseLocation location = database_location(settings.location);
    if (location.kind != LocationKind::kPostgres) return location.name;
    const ConnectionOptions options = url_options(location.name);
    return fmt::format("{} {} {} {}", value_of(options, "host"), value_of(options, "hostaddr"),
                       value_of(options, "port"), value_of(options, "service"));
  } catch (const Error&) {
    return settings.location;
  }
}

bool is_function(const DatabaseSettings& settings) {
  if (settings.iam_auth && settings.location.empty()) return false;
  return database_location(settings.location).kind == LocationKind::kFunction;
}

}  // namespace drift::sql
