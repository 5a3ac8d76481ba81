#include "drift/config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "drift/aws/arn.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/config/config_file.h"
#include "drift/config/database_settings.h"
#include "drift/schema/rules/rules.h"
#include "drift/sql/database_location.h"
#include "drift/sql/postgres.h"
#include "reporters/schema_archive.h"

namespace drift::config {
namespace {

constexpr int kLongestTimeout = 86'400;
constexpr std::uint64_t kLeastFetchBytes = 1u << 20;

// "" where there is none.
// https://specifications.freedesktop.org/basedir-spec/latest/: a relative XDG path is ignored.
std::string default_folder(const char* variable, const char* below_home) {
  const std::string xdg = environment_or_empty(variable);
  if (!xdg.empty() && xdg.front() == '/') return xdg + "/schema-drift";
  std::string home = environment_or_empty("HOME");
  // Lambda sets none, and no user but the function's is in its /tmp.
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  if (home.empty() && nonempty_variable("AWS_LAMBDA_RUNTIME_API")) home = "/tmp";
  // No home is how a service without one runs. Below /tmp anybody could have made the folder first.
  if (home.empty() || home.front() != '/') return {};
  return fmt::format("{}/{}/schema-drift", home, below_home);
}

// GITHUB_TOKEN is set on many machines for GitHub's sake; no other host may see it.
bool is_on_github(const std::string& repository) {
  return repository.starts_with("github:") || repository.starts_with("https://github.com/");
}

std::string git_token(const Options& run, const std::string& repository) {
  if (run.git_token_file) {
    return secret_from_file(*run.git_token_file, "token", "--git-token-file", "the token");
  }
  if (std::string token = environment_or_empty("SCHEMA_DRIFT_GIT_TOKEN"); !token.empty())
    return token;
  return is_on_github(repository) ? environment_or_empty("GITHUB_TOKEN") : std::string{};
}

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

// A target's name becomes a file name and part of a mail's subject.
std::string checked_name(const std::string& name) {
  const bool plain = !name.empty() && name.size() <= 100 && name.front() != '.' &&
                     std::all_of(name.begin(), name.end(), is_name_character);
  if (!plain) {
    throw invalid_value("--target", name, "cannot be part of a file's name",
                        "use up to 100 letters, digits, '-', '_' and '.', not beginning with '.'");
  }
  return name;
}

// "my-function" of lambda:my-function:live and of its ARN, "database" of ssm:/app/prod/database,
// all of a secret's name: "database" is the end of many. Of nothing else: the last word of a URL
// with a typing mistake may be its password.
std::string word_of(const std::string& location, sql::LocationKind kind) {
  if (kind == sql::LocationKind::kSecret) return aws::secret_name(location);
  std::string_view text = location;
  if (text.starts_with("lambda:")) text = text.substr(0, text.find(':', 7));
  return std::string(text.substr(text.find_last_of(":/") + 1));
}

// A database that RDS_SECRET_ARN names is called after its secret, whichever way leads to it: who
// says SQL_API_FUNCTION one day begins no new history.
std::string name_of_database(const sql::DatabaseSettings& database, const Options& options) {
  const std::string& location = options.todays_secret ? *options.database : database.location;
  std::string name;
  if (!location.empty()) {
    const sql::LocationKind kind = sql::database_location(location).kind;
    name = kind == sql::LocationKind::kPostgres ? sql::database_name(location)
                                                : word_of(location, kind);
  }
  if (!database.database_name.empty()) name = database.database_name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '-');
  if (name.empty() || name.front() == '.') return "default";
  return name.substr(0, 100);
}

check::Target check_target(const Options& options, const Options& run) {
  check::Target target;
  target.database = database_settings(options);
  target.name =
      options.target ? checked_name(*options.target) : name_of_database(target.database, options);
  target.codebase = codebase_settings(options, run);
  target.version_table.table = options.version_table.value_or(target.version_table.table);
  const auto schemas = options.version_table_schema.value_or(std::vector<std::string>{});
  if (production::names_tenants(schemas)) {
    target.tenants = schemas;
  } else if (!schemas.empty()) {
    target.version_table.schema = schemas.front();
  }
  target.role = role_settings(options);
  target.schema_expected = options.schema_expected.value_or("");
  if (!target.schema_expected.empty()) {  // a place that is none is told before anything is read
    reporters::open_schemas(target.schema_expected, {}, {});
  } else if (options.schema_rules) {
    throw Error{
        Fault::kUsage, "--schema-rules is given without --schema-expected",
        "rules judge what differs from the schema that is expected: say where that is kept"};
  }
  target.schema_rules = schema_rules(options);
  target.databases_from = options.databases_from.value_or("");
  // A function reads one database, whatever the server has.
  if (!target.databases_from.empty()) target.database.function_instead.clear();
  if (!target.databases_from.empty() && sql::is_function(target.database)) {
    throw Error{Fault::kUsage,
                fmt::format("--databases-from of target {} needs a PostgreSQL server", target.name),
                "a function of the SQL API reads one database: list the functions as targets"};
  }
  return target;
}

}  // namespace

namespace {

constexpr const char* kRulesHint =
    "--schema-rules takes a file of TOML: docs/schema.md says what stands in it";

// As GitTree takes paths: from the root, without "." and "..".
bool is_path_in_tree(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

check::SchemaRules schema_rules(const Options& target) {
  constexpr std::string_view kInRepository = "repository:";
  check::SchemaRules rules;
  if (!target.schema_rules) return rules;
  const std::string& path = *target.schema_rules;
  if (path.starts_with(kInRepository)) {
    rules.file = path.substr(kInRepository.size());
    rules.at_ref = true;
    if (!is_path_in_tree(rules.file)) {
      throw invalid_value("--schema-rules", path, "not a path from the root of the repository",
                          "write repository:deploy/rules.toml, without a slash at either end");
    }
    return rules;
  }
  rules.file = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error{Fault::kConfiguration, fmt::format("{} is a folder, not rules", printable(path)),
                kRulesHint};
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    throw Error{Fault::kConfiguration,
                fmt::format("cannot read {}: {}", printable(path), std::strerror(errno)),
                kRulesHint};
  }
  rules.read = std::make_shared<const schema::Rules>(schema::read_rules(text, path));
  return rules;
}

namespace {

report::AlertRules alert_rules(const Options& run) {
  report::AlertRules rules;
  rules.every_run = run.notify_on_success.value_or(false);
  if (!run.remind_after) return rules;
  rules.reminder =
      std::chrono::days{whole_number("--remind-after", *run.remind_after, 1, 365, "days")};
  return rules;
}

check::FleetLimits fleet_limits(const Options& run) {
  constexpr int kMostAtOnce = 1'000;
  check::FleetLimits limits;
  if (run.jobs) {
    limits.jobs = static_cast<std::size_t>(whole_number("--jobs", *run.jobs, 1, kMostAtOnce));
    // Who asks for more at once asks it of one server, too, whose default are 100 connections.
    constexpr std::size_t kMostUnasked = 40;
    limits.per_host = std::clamp(limits.jobs * 2 / 5, limits.per_host, kMostUnasked);
  }
  if (run.max_connections_per_host) {
    limits.per_host = static_cast<std::size_t>(
        whole_number("--max-connections-per-host", *run.max_connections_per_host, 1, kMostAtOnce));
  }
  if (run.target_timeout) {
    limits.target_time = std::chrono::seconds{
        whole_number("--target-timeout", *run.target_timeout, 1, kLongestTimeout, "seconds")};
  }
  return limits;
}

// "2/4"
check::Shard shard(const Options& run) {
  if (!run.shard) return {};
  constexpr std::size_t kMostShards = 10'000;
  const std::string& text = *run.shard;
  const char* const end = text.data() + text.size();
  check::Shard shard{0, 0};
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec == std::errc{} && number.ptr != end && *number.ptr == '/') {
    const auto of = std::from_chars(number.ptr + 1, end, shard.of);
    if (of.ec == std::errc{} && of.ptr == end && shard.number >= 1 && shard.number <= shard.of &&
        shard.of <= kMostShards) {
      return shard;
    }
  }
  throw invalid_value("--shard", text, "not a part and a number of parts",
                      "give I/N, such as 2/4 for the second of four");
}

std::vector<Options> selected(std::vector<Options> targets, const std::string& name) {
  std::vector<std::string> names;
  for (Options& target : targets) {
    if (target.target == name) return {std::move(target)};
    names.push_back(*target.target);
  }
  const std::string near = nearest(name, names);
  throw Error{Fault::kUsage, fmt::format("unknown target \"{}\"", name),
              near.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                           : fmt::format("did you mean \"{}\"?", near)};
}

std::uint64_t bytes_of(std::string_view option, const std::optional<std::string>& given,
                       std::uint64_t least, std::uint64_t otherwise, const char* hint) {
  if (!given) return otherwise;
  std::uint64_t bytes = 0;
  const char* const text_end = given->data() + given->size();
  const auto [end, error] = std::from_chars(given->data(), text_end, bytes);
  if (error == std::errc{} && end == text_end && bytes >= least) return bytes;
  throw invalid_value(option, *given, fmt::format("not a number of bytes from {}", least), hint);
}

}  // namespace

Resolved resolve(const Options& command_line, const Options& environment_options) {
  const Options spoken = merged(command_line, environment_options);
  if (!spoken.config) return {spoken, {spoken}};

  ConfigFile file = read_config(*spoken.config);
  Resolved resolved{merged(command_line, merged(file.run, environment_options)), {}};
  std::vector<Options> targets = std::move(file.targets);
  if (command_line.target) targets = selected(std::move(targets), *command_line.target);
  if ((command_line.database || command_line.database_file) && targets.size() > 1) {
    throw Error{Fault::kUsage, "--database cannot be given for several targets at once",
                "name one with --target, or leave the databases to the configuration"};
  }
  for (const Options& target : targets) {
    resolved.targets.push_back(merged(command_line, merged(target, environment_options)));
  }
  return resolved;
}

check::Role role_settings(const Options& options) {
  check::Role role{options.role_arn.value_or(""), options.external_id.value_or("")};
  if (!role.arn.empty()) aws::read_arn(aws::ArnOf::kRole, role.arn);
  return role;
}

void require_no_url(std::string_view what, std::string_view takes, const std::string& given) {
  if (url_scheme(given).empty()) return;
  throw Error{Fault::kUsage, fmt::format("{} takes {}, and was given {}", what, takes, given),
              "--database takes a URL, and --repository does"};
}

check::CodebaseSettings codebase_settings(const Options& target, const Options& run) {
  check::CodebaseSettings settings;
  settings.repository = target.repository.value_or(".");
  settings.ref = target.ref.value_or("");
  require_no_url("--ref", "a branch, tag or commit", settings.ref);
  settings.script.alembic_ini = target.alembic_ini.value_or("");
  settings.script.section = target.name.value_or(settings.script.section);
  settings.script.script_location = target.script_location.value_or("");
  settings.script.versions_paths = target.versions_path.value_or(std::vector<std::string>{});
  settings.script.recursive_version_locations = target.recursive_version_locations.value_or(false);
  settings.remote.cache_dir =
      run.cache_dir ? *run.cache_dir : default_folder("XDG_CACHE_HOME", ".cache");
  settings.remote.max_fetch_bytes = bytes_of("--max-fetch-bytes", run.max_fetch_bytes,
                                             kLeastFetchBytes, settings.remote.max_fetch_bytes,
                                             "give a whole number, such as 4294967296 for 4 GiB");
  settings.remote.max_history_bytes =
      bytes_of("--max-history-bytes", run.max_history_bytes, 0, settings.remote.max_history_bytes,
               "give a whole number, such as 20000000, or 0 to ask for no history");
  settings.remote.ssh_key = run.ssh_key.value_or("");
  settings.remote.token = git_token(run, settings.repository);
  if (is_on_github(settings.repository)) {
    settings.token_secret = environment_or_empty("GITHUB_TOKEN_SECRET_ARN");
    if (aws::is_arn(settings.token_secret)) {
      aws::read_arn(aws::ArnOf::kSecret, settings.token_secret);
    }
  }
  return settings;
}

std::string state_folder() { return default_folder("XDG_STATE_HOME", ".local/state"); }

check::Settings check_settings(const Resolved& resolved) {
  check::Settings settings;
  for (const Options& target : resolved.targets) {
    settings.targets.push_back(check_target(target, resolved.run));
  }
  settings.reports = resolved.run.reports.value_or("");
  settings.report_options = report_options(resolved.run);
  settings.spool_folder = resolved.run.spool_dir ? *resolved.run.spool_dir : state_folder();
  settings.delivery_time = delivery_time(run_timeout(resolved.run));
  settings.alerts = resolved.run.alerts.value_or(std::vector<std::string>{});
  settings.alert_fallback = resolved.run.alert_fallback.value_or(std::vector<std::string>{});
  if (settings.alerts.empty() && !settings.alert_fallback.empty()) {
    throw Error{Fault::kUsage, "--alert-fallback is given without --alerts",
                "give --alerts: the fallback gets what was not accepted there"};
  }
  settings.alert_options.slack_url = environment_or_empty("SCHEMA_DRIFT_SLACK_URL");
  settings.alert_options.webhook_secret = environment_or_empty("SCHEMA_DRIFT_WEBHOOK_SECRET");
  settings.alert_options.allow_private = resolved.run.allow_private_webhooks.value_or(false);
  settings.alert_rules = alert_rules(resolved.run);
  settings.limits = fleet_limits(resolved.run);
  settings.shard = shard(resolved.run);
  settings.metrics_file = resolved.run.metrics_file.value_or("");
  settings.heartbeat = resolved.run.heartbeat.value_or("");
  settings.dry_run = resolved.run.dry_run.value_or(false);
  return settings;
}

// "GOVERNANCE:400"
reporters::ReportOptions report_options(const Options& run) {
  reporters::ReportOptions options;
  options.kms_key = run.kms_key.value_or("");
  if (!run.object_lock) return options;
  const std::string& text = *run.object_lock;
  const std::size_t colon = std::min(text.find(':'), text.size());
  options.lock_mode = text.substr(0, colon);
  int days = 0;
  const char* end = text.data() + text.size();
  const char* begin = std::min(text.data() + colon + 1, end);
  const auto [rest, error] = std::from_chars(begin, end, days);
  const bool mode = options.lock_mode == "GOVERNANCE" || options.lock_mode == "COMPLIANCE";
  if (!mode || error != std::errc{} || rest != end || days < 1 || days > 36'500) {
    throw invalid_value("--object-lock", text, "not a mode and a number of days",
                        "give GOVERNANCE:DAYS or COMPLIANCE:DAYS, such as GOVERNANCE:400");
  }
  options.lock_for = std::chrono::days{days};
  return options;
}

std::chrono::milliseconds delivery_time(std::chrono::seconds timeout) {
  return std::min<std::chrono::milliseconds>(std::chrono::milliseconds{timeout} / 5,
                                             std::chrono::seconds{20});
}

std::chrono::seconds run_timeout(const Options& run) {
  if (!run.timeout) return std::chrono::seconds{300};
  return std::chrono::seconds{
      whole_number("--timeout", *run.timeout, 1, kLongestTimeout, "seconds")};
}

}  // namespace drift::config
