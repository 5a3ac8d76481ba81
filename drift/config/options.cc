#include "drift/config/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"

namespace drift::config {
namespace {

bool boolean(const std::string& variable, const std::string& text) {
  const std::string value = ascii_lower(text);
  for (const char* yes : {"true", "1", "yes", "on"}) {
    if (value == yes) return true;
  }
  for (const char* no : {"false", "0", "no", "off"}) {
    if (value == no) return false;
  }
  throw Error{Fault::kUsage, "the environment variable " + variable + " is neither true nor false",
              "set it to true or false, or unset it"};
}

std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> values;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string value = text.substr(begin, end - begin);
    const bool address =
        value.find('@') != std::string::npos && value.find(':') == std::string::npos;
    if (address && !values.empty() && values.back().starts_with("mailto:")) {
      values.back() += "," + value;  // one more of those, and no value of its own
    } else if (!value.empty()) {
      values.push_back(value);
    }
    begin = end + 1;
  }
  return values;
}

// The names that the job has had since it was a Python function; they keep working as they are.
Options from_todays_lambda() {
  Options options;
  if (const auto repository = nonempty_variable("GITHUB_REPO")) {
    options.repository = "github:" + *repository;
  }
  options.database = nonempty_variable("RDS_SECRET_ARN");
  options.todays_secret = options.database.has_value();
  if (!options.database) options.database = nonempty_variable("DB_SECRET_ARN");
  if (const auto bucket = nonempty_variable("REPORTS_BUCKET")) {
    options.reports = "s3://" + *bucket + "/schema-drift";
  }
  if (const auto topic = nonempty_variable("SNS_TOPIC_ARN")) options.alerts = {*topic};
  if (const auto notify = nonempty_variable("NOTIFY_ON_SUCCESS")) {
    options.notify_on_success = boolean("NOTIFY_ON_SUCCESS", *notify);
  }
  return options;
}

}  // namespace

const std::vector<OptionSpec>& option_specs() {
  static const std::vector<OptionSpec> specs = {
      {"repository", "WHERE",
       "Git repository: a path, file://, https://, ssh://, git@host:path or github:owner/name "
       "(default: .)",
       Group::kRepository, true, true, &Options::repository, true, "-r", "--repo"},
      {"ref", "REF", "Branch, tag or commit to read (default: HEAD, a remote's default branch)",
       Group::kRepository, true, true, &Options::ref, true, "", "--branch"},
      {"alembic-ini", "PATH", "alembic.ini in the tree (default: the usual places)",
       Group::kRepository, true, true, &Options::alembic_ini},
      {"name", "SECTION", "Section of alembic.ini, as alembic's --name (default: alembic)",
       Group::kRepository, true, true, &Options::name, true, "-n"},
      {"script-location", "PATH", "Script directory in the tree, instead of what alembic.ini says",
       Group::kRepository, true, true, &Options::script_location},
      {"versions-path", "PATH",
       "Versions folder in the tree, instead of what alembic.ini says; repeatable",
       Group::kRepository, true, true, &Options::versions_path},
      {"recursive-version-locations", "", "Read the subfolders of the versions folders too",
       Group::kRepository, true, true, &Options::recursive_version_locations},
      {"cache-dir", "DIR",
       "Where clones of remote repositories, and what was learnt of histories, are kept (default: "
       "$XDG_CACHE_HOME/schema-drift or ~/.cache/schema-drift)",
       Group::kRemote, false, true, &Options::cache_dir},
      {"max-fetch-bytes", "BYTES",
       "Most that one fetch of a remote repository may receive (default: 4294967296)",
       Group::kRemote, false, true, &Options::max_fetch_bytes},
      {"max-history-bytes", "BYTES",
       "Most that a run may receive only to tell when pending revisions were committed (default: "
       "20000000)",
       Group::kRemote, false, true, &Options::max_history_bytes},
      {"ssh-key", "FILE", "Private key for ssh remotes (default: the agent, then ~/.ssh/id_*)",
       Group::kRemote, false, true, &Options::ssh_key},
      {"git-token-file", "FILE",
       "File that holds the token for https remotes (or set SCHEMA_DRIFT_GIT_TOKEN; GITHUB_TOKEN "
       "is used for github.com)",
       Group::kRemote, false, true, &Options::git_token_file},
      {"database", "URL",
       "The database: postgresql://user@host:port/name, lambda:NAME[:QUALIFIER] (the SQL API), a "
       "Lambda or Secrets Manager ARN, or ssm:/path/prefix. A password is better kept in ~/.pgpass "
       "or SCHEMA_DRIFT_DATABASE than here, where ps shows it (default: as PGHOST, PGDATABASE and "
       "the like say, where one of them is set)",
       Group::kDatabase, true, true, &Options::database, true, "-d", "--db,--dsn,--url"},
      {"database-file", "FILE",
       "File that holds nothing but what --database would say, such as a credential of systemd",
       Group::kDatabase, true, true, &Options::database_file},
      {"auth", "METHOD",
       "password, or iam for a token of RDS IAM authentication (default: password)",
       Group::kDatabase, true, true, &Options::auth},
      {"role-arn", "ARN", "Role to assume for the database's side (another account)",
       Group::kDatabase, true, true, &Options::role_arn},
      {"external-id", "ID", "External id for --role-arn", Group::kDatabase, true, true,
       &Options::external_id},
      {"version-table", "TABLE", "Alembic's version_table (default: alembic_version)",
       Group::kVersionTable, true, true, &Options::version_table},
      {"version-table-schema", "SCHEMA",
       "Alembic's version_table_schema (default: as the role's search_path says); several, or a "
       "pattern such as tenant_* or *, are tenants of one database; repeatable",
       Group::kVersionTable, true, true, &Options::version_table_schema},
      {"databases-from", "SELECT",
       "A query for names of databases of the server: each becomes a target NAME-DATABASE",
       Group::kTargets, true, true, &Options::databases_from},
      {"schema-expected", "PLACE",
       "Compare the schema, too, with what `schema record` and `schema accept` keep there: a "
       "folder "
       "or s3://bucket/prefix",
       Group::kExpectation, true, true, &Options::schema_expected},
      {"target", "NAME",
       "Name of the target in reports (default: the database's name); with --config, which one",
       Group::kTargets, true, true, &Options::target},
      {"at", "REV", "A version row; repeatable; none stands for an empty table", Group::kRows,
       false, false, &Options::at},
      {"reports", "DIR",
       "Where the JSON reports are kept: a folder, file:// or s3://bucket/prefix (default: "
       "nowhere)",
       Group::kReports, false, true, &Options::reports},
      {"kms-key", "KEY",
       "KMS key for reports in S3, or AES256 for S3's own (default: as the bucket says)",
       Group::kReports, false, true, &Options::kms_key},
      {"object-lock", "MODE:DAYS",
       "Object Lock retention of reports in S3: GOVERNANCE:400 or COMPLIANCE:2557 (default: as the "
       "bucket says)",
       Group::kReports, false, true, &Options::object_lock},
      {"spool-dir", "DIR",
       "Keeps reports that could not be stored, until the next run (default: "
       "$XDG_STATE_HOME/schema-drift or ~/.local/state/schema-drift)",
       Group::kRun, false, true, &Options::spool_dir},
      {"alerts", "WHERE",
       "Where alerts go: terminal (standard error), mailto:ADDRESS (by this machine's sendmail; "
       "several with commas), the ARN of an SNS topic, slack (its URL in SCHEMA_DRIFT_SLACK_URL), "
       "slack:ARN of a secret, or webhook:https://host/path (signed with "
       "SCHEMA_DRIFT_WEBHOOK_SECRET); repeatable",
       Group::kRun, false, true, &Options::alerts},
      {"alert-fallback", "WHERE",
       "Where an alert goes that one of --alerts did not accept, as for --alerts; repeatable",
       Group::kRun, false, true, &Options::alert_fallback},
      {"allow-private-webhooks", "",
       "Let slack and webhook alerts go to addresses of private networks and of this machine",
       Group::kRun, false, true, &Options::allow_private_webhooks},
      {"notify-on-success", "", "Alert after every run, also when synced or when nothing changed",
       Group::kRun, false, true, &Options::notify_on_success},
      {"remind-after", "DAYS",
       "Alert again when the same drift is still there after so many days (default: 7)",
       Group::kRun, false, true, &Options::remind_after},
      {"metrics", "emf",
       "Write a line of CloudWatch's embedded metric format for each target to standard error (the "
       "Lambda function always does, to its log)",
       Group::kRun, false, true, &Options::metrics},
      {"metrics-file", "FILE", "Write the run's figures there for Prometheus' textfile collector",
       Group::kRun, false, true, &Options::metrics_file},
      {"heartbeat", "URL",
       "Ask for this URL when the run is over, whatever it found; keep it in "
       "SCHEMA_DRIFT_HEARTBEAT where it holds a secret",
       Group::kRun, false, true, &Options::heartbeat},
      {"dry-run", "", "Read, compare and print; store and send nothing", Group::kRun, false, false,
       &Options::dry_run},
      {"config", "FILE",
       "JSON file with several targets, s3://bucket/key or ssm:NAME; --target then selects one",
       Group::kTargets, false, false, &Options::config, true, "-c"},
      {"jobs", "NUMBER", "Most targets that are read at once (default: 20)", Group::kRun, false,
       true, &Options::jobs},
      {"max-connections-per-host", "NUMBER",
       "Most connections to one server, or calls to one function, at once (default: 20; where "
       "--jobs is raised two fifths of it, at most 40)",
       Group::kRun, false, true, &Options::max_connections_per_host},
      {"target-timeout", "SECONDS",
       "Longest that the database of one of several targets may take, from when it begins "
       "(default: 60; a single target has the whole run)",
       Group::kRun, false, true, &Options::target_timeout},
      {"shard", "I/N",
       "Only the I-th of N parts of the targets, so that several runs share them out; by a "
       "target's name alone",
       Group::kRun, false, true, &Options::shard},
      {"since", "WHEN",
       "Only reports from then on: 2026-11-01, 2026-11-01T09:00:00Z, 7d or 36h (summary: 7d) (not "
       "in the environment)",
       Group::kPast, false, false, &Options::since, false},
      {"until", "WHEN", "Only reports from before then (not in the environment)", Group::kPast,
       false, false, &Options::until, false},
      {"limit", "NUMBER", "Most reports to list (default: 50) (not in the environment)",
       Group::kPast, false, false, &Options::limit, false},
      {"anchor", "SHA256",
       "verify: the hash of a report as an alert or a summary gave it (not in the environment)",
       Group::kPast, false, false, &Options::anchor, false},
      {"keep", "TIME", "prune: remove what is older: 2y, 26w or 90d (not in the environment)",
       Group::kPast, false, false, &Options::keep, false},
      {"dry-run", "", "prune: say what would be removed, and remove nothing", Group::kPast, false,
       false, &Options::dry_run},
      {"until", "WHEN",
       "Tell it again from then on: 2026-12-01 (UTC), 2026-12-01T09:00:00Z or 14d; at most a year "
       "(not in the environment)",
       Group::kAcknowledgement, false, false, &Options::until, false},
      {"reason", "TEXT",
       "Why it may wait; with --withdraw, why it may not any more (not in the environment)",
       Group::kAcknowledgement, false, false, &Options::reason, false},
      {"withdraw", "",
       "Take the target's acknowledgement back: its drift is told again (not in the environment)",
       Group::kAcknowledgement, false, false, &Options::withdraw, false},
      {"list", "",
       "Print every acknowledgement there is, in force, ended or withdrawn (not in the "
       "environment)",
       Group::kAcknowledgement, false, false, &Options::list, false},
      {"write-test", "",
       "Also put a marked object, doctor.TIMESTAMP.RUNID.json, where today's reports are; it stays "
       "there (not in the environment)",
       Group::kTrial, false, false, &Options::write_test, false},
      {"quiet", "", "Print nothing on standard output", Group::kRun, false, false, &Options::quiet,
       true, "-q"},
      {"allow-mutations", "",
       "Let Mutate and the like change the database; without it every transaction is read-only",
       Group::kFunction, false, false, &Options::allow_mutations},
      {"allow-scripts", "", "Let a change hold several statements, in one transaction",
       Group::kAudit, false, false, &Options::allow_scripts},
      {"allow-ddl", "",
       "Let changes define tables and what belongs to them: CREATE, ALTER, DROP, COMMENT, TRUNCATE",
       Group::kAudit, false, false, &Options::allow_ddl},
      {"envelope", "KIND",
       "What operations are answered in: bare, or proxy for callers of a database proxy, "
       "{\"statusCode\", \"body\"} (default: bare, and proxy where \"params_list\" or "
       "\"return_dict\" is sent). Or gateway, for a function that only API Gateway may invoke",
       Group::kFunction, false, false, &Options::envelope},
      {"allow-function", "NAME",
       "A function that queries may call though it is volatile or unknown; repeatable",
       Group::kAudit, false, false, &Options::allow_function},
      {"listen", "ADDRESS:PORT",
       "Where to answer Lambda's Invoke outside Lambda; loopback only, signatures are not verified "
       "(default: 127.0.0.1:0, a free port)",
       Group::kFunction, false, false, &Options::listen},
      {"audit", "WHERE",
       "Where mutations are written down before they are committed: a file, or s3://bucket/prefix "
       "(default: standard error)",
       Group::kAudit, false, false, &Options::audit},
      {"audit-statements", "",
       "Record the statements of changes too, with ? for the values in them", Group::kAudit, false,
       false, &Options::audit_statements},
      {"caller-header", "NAME",
       "On loopback: the header in which a proxy in front, which verified who calls, names them "
       "for "
       "the audit log",
       Group::kFunction, false, false, &Options::caller_header},
      {"file", "FILE",
       "Read the statement, or several, from a file, - for standard input (not in the "
       "environment)",
       Group::kStatement, false, false, &Options::file, false, "-f"},
      {"param", "VALUE",
       "What stands for $1, $2, ... in turn, or NAME=VALUE for :NAME; repeatable (not in the "
       "environment)",
       Group::kStatement, false, false, &Options::param, false},
      {"mutate", "", "The statement changes data; asks before it is run (not in the environment)",
       Group::kStatement, false, false, &Options::mutate, false},
      {"dry-run", "",
       "query: run the change, say how many rows it affects, and take it back (not in the "
       "environment)",
       Group::kStatement, false, false, &Options::dry_run, false},
      {"yes", "", "Do not ask (not in the environment)", Group::kStatement, false, false,
       &Options::yes, false},
      {"page-rows", "NUMBER",
       "Ask for the rows in pages of so many (default: all at once, in pages only where they are "
       "more than one answer holds)",
       Group::kStatement, false, false, &Options::page_rows},
      {"strict", "",
       "diff: every difference fails, also of owners, comments and settings (not in the "
       "environment)",
       Group::kSchema, false, false, &Options::strict, false},
      {"sql", "",
       "diff: print the statements that would bring LIVE to EXPECTED; nobody runs them (not in "
       "the environment)",
       Group::kSchema, false, false, &Options::sql, false},
      {"schema-rules", "FILE",
       "Which differences do not count, which fail, and the rights of roles; TOML: a file on disk, "
       "or repository:PATH at the ref",
       Group::kSchemaRules, true, true, &Options::schema_rules},
      {"expected", "PLACE",
       "record, accept: where schemas as they should be are kept, a folder or s3://bucket/prefix; "
       "what check has as --schema-expected (not in the environment)",
       Group::kSchema, false, false, &Options::schema_expected, false},
      {"replace", "",
       "record: put it in the place of another schema of the same version rows (not in the "
       "environment)",
       Group::kSchema, false, false, &Options::replace, false},
      {"reason", "TEXT",
       "accept: why production may stay as it is; with --withdraw, why not any more (not in the "
       "environment)",
       Group::kSchema, false, false, &Options::reason, false},
      {"until", "WHEN",
       "accept: it does not count from then on: 2026-12-01 (UTC), 2026-12-01T09:00:00Z or 14d; at "
       "most a year (default: until it is withdrawn; not in the environment)",
       Group::kSchema, false, false, &Options::until, false},
      {"withdraw", "",
       "accept: take back what was accepted for the target (not in the environment)",
       Group::kSchema, false, false, &Options::withdraw, false},
      {"list", "", "accept: print everything that was accepted (not in the environment)",
       Group::kSchema, false, false, &Options::list, false},
      {"commits", "", "Name the commit that introduced each file", Group::kHistory, false, false,
       &Options::commits},
      {"revision", "REV",
       "A revision, as those without an option; repeatable (not in the environment)",
       Group::kExplained, false, false, &Options::revision, false},
      {"server-version", "NUMBER",
       "PostgreSQL's major version, 11 to 18, by whose rules operations are judged (default: 18)",
       Group::kExplained, false, false, &Options::server_version},
      {"fail-on", "SEVERITY",
       "Exit code 1 where an operation is at least high, medium or low; of pending and check, 0 "
       "where "
       "none is and nothing else differs than that revisions are pending",
       Group::kGate, false, true, &Options::fail_on},
      {"ca-file", "FILE",
       "Trust the authorities in this file of PEM certificates, too: for webhooks, Slack, "
       "heartbeats, https repositories and AWS (SSL_CERT_FILE, CURL_CA_BUNDLE, "
       "REQUESTS_CA_BUNDLE, GIT_SSL_CAINFO and AWS_CA_BUNDLE name those that are trusted instead "
       "of the system's)",
       Group::kNetwork, false, true, &Options::ca_file},
      {"timeout", "SECONDS",
       "Longest that the whole run may take, or one invocation of sql-api (default: 300)",
       Group::kOutput, false, true, &Options::timeout},
      {"format", "FORMAT",
       "text or json (default: text); of check jsonl, too, a report a line; of reports html, too; "
       "of check, explain and pending markdown, sarif, junit and github (annotations); of schema "
       "diff html, junit, sarif and markdown, too; of query: table, json, csv or "
       "ndjson (default: table)",
       Group::kOutput, false, false, &Options::format},
      {"log", "FORMAT",
       "Diagnostics on standard error: text (warnings) or json (one object an event; default: "
       "text)",
       Group::kOutput, false, false, &Options::log},
      {"no-color", "", "No colours, as with NO_COLOR", Group::kOutput, false, false,
       &Options::no_color},
      {"output", "FILE",
       "Write what is printed on standard output to a file instead, whole or not at all; schema "
       "snapshot takes s3://bucket/name, too (default: -, standard output; not in the environment)",
       Group::kWritten, false, false, &Options::output, false, "-o"},
  };
  return specs;
}

std::string key_in_file(const OptionSpec& spec) {
  std::string key(spec.name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

std::string environment_name(const OptionSpec& spec) {
  std::string name = "SCHEMA_DRIFT_" + key_in_file(spec);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

Options from_environment() {
  Options options;
  for (const OptionSpec& spec : option_specs()) {
    if (!spec.in_environment) continue;
    const std::string variable = environment_name(spec);
    const auto value = nonempty_variable(variable);
    if (!value) continue;
    if (const auto* text = std::get_if<std::optional<std::string> Options::*>(&spec.field)) {
      options.** text = *value;
    } else if (const auto* flag = std::get_if<std::optional<bool> Options::*>(&spec.field)) {
      options.** flag = boolean(variable, *value);
    } else {
      options.*std::get<std::optional<std::vector<std::string>> Options::*>(spec.field) =
          comma_separated(*value);
    }
  }
  return merged(options, from_todays_lambda());
}

std::vector<std::string> unknown_variables() {
  // Without what all of them begin with, or any two short ones would look alike.
  const std::string prefix = "SCHEMA_DRIFT_";
  std::vector<std::string> known = {"GIT_TOKEN", "SLACK_URL", "WEBHOOK_SECRET"};
  for (const OptionSpec& spec : option_specs()) {
    if (spec.in_environment) known.push_back(environment_name(spec).substr(prefix.size()));
  }
  std::vector<std::string> sentences;
  for (const std::string& variable : environment_names(prefix)) {
    const std::string name = variable.substr(prefix.size());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest(name, known);
    sentences.push_back(fmt::format(
        "nothing reads the environment variable {}{}", variable,
        near.empty() ? std::string{} : fmt::format(": did you mean {}{}?", prefix, near)));
  }
  std::sort(sentences.begin(), sentences.end());
  return sentences;
}

Options merged(const Options& first, const Options& second) {
  Options result = first;
  const bool has_database = first.database || first.database_file;
  for (const OptionSpec& spec : option_specs()) {
    std::visit(
        [&](auto field) {
          if (!(result.*field)) result.*field = second.*field;
        },
        spec.field);
  }
  if (has_database) {
    result.database = first.database;
    result.database_file = first.database_file;
  } else {
    result.todays_secret = second.todays_secret;
  }
  return result;
}

Error invalid_value(std::string_view option, std::string_view value, std::string_view why,
                    std::string hint) {
  return {Fault::kUsage, fmt::format("invalid {} \"{}\": {}", option, value, why), std::move(hint)};
}

Error unknown_choice(std::string_view option, std::string_view value, std::string_view choices) {
  return {Fault::kUsage, fmt::format("unknown {} \"{}\"", option, value), std::string(choices)};
}

int whole_number(std::string_view option, const std::string& text, int least, int most,
                 std::string_view unit) {
  const std::string hint = unit.empty()
                               ? fmt::format("give a whole number from {} to {}", least, most)
                               : fmt::format("give whole {} from {} to {}", unit, least, most);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    throw invalid_value(
        option, text, unit.empty() ? "not a whole number" : fmt::format("not a number of {}", unit),
        hint);
  }
  if (error != std::errc{} || number < least || number > most) {
    throw invalid_value(option, text, "out of range", hint);
  }
  return number;
}

}  // namespace drift::config
