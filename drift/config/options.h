// Every option of the program in one table: the command line, the environment and the
// configuration file are three ways to fill the same fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "drift/base/error.h"

namespace drift::config {

// What somebody said in one place; what they left unsaid is nothing.
struct Options {
  // One target.
  std::optional<std::string> target;
  std::optional<std::string> repository, ref;
  std::optional<std::string> alembic_ini, name, script_location;
  std::optional<std::vector<std::string>> versions_path;
  std::optional<bool> recursive_version_locations;
  std::optional<std::string> version_table;
  std::optional<std::vector<std::string>> version_table_schema;
  std::optional<std::string> databases_from, schema_expected;
  std::optional<std::string> database, database_file, auth, role_arn, external_id;
  // `database` is the secret that RDS_SECRET_ARN names: its host may be reachable only for the SQL
  // API's function. See database_settings.
  bool todays_secret = false;
  // How to reach remote repositories.
  std::optional<std::string> cache_dir, max_fetch_bytes, max_history_bytes, ssh_key, git_token_file;
  std::optional<std::string> ca_file;
  // The run.
  std::optional<std::string> reports, kms_key, object_lock, spool_dir;
  std::optional<std::vector<std::string>> alerts, alert_fallback;
  std::optional<bool> notify_on_success, allow_private_webhooks, dry_run;
  std::optional<std::string> remind_after;  // days
  std::optional<std::string> metrics, metrics_file, heartbeat;
  std::optional<bool> write_test;  // doctor
  // What was reported.
  std::optional<std::string> since, until, limit, anchor, keep, reason;
  std::optional<bool> withdraw, list;  // ack
  std::optional<std::string> timeout;  // seconds; see run_timeout()
  // A run over many targets.
  std::optional<std::string> jobs, max_connections_per_host, target_timeout, shard;
  std::optional<std::string> config;
  // The SQL API: what it may do, and where it listens.
  std::optional<bool> allow_mutations, allow_scripts, allow_ddl, audit_statements;
  std::optional<std::vector<std::string>> allow_function;
  std::optional<std::string> audit, listen, envelope, caller_header;
  // One statement, asked from the terminal.
  std::optional<std::string> file, page_rows;
  std::optional<std::vector<std::string>> revision;
  std::optional<std::string> server_version;
  std::optional<std::string> fail_on;
  std::optional<std::vector<std::string>> param;
  std::optional<bool> mutate, yes;
  // Schemas.
  std::optional<std::string> output;
  std::optional<bool> strict, sql, replace;
  std::optional<std::string> schema_rules;
  // What is asked and printed.
  std::optional<std::vector<std::string>> at;
  std::optional<bool> commits;
  std::optional<std::string> format, log;
  std::optional<bool> quiet, no_color;
};

// Which commands have an option.
enum class Group {
  kRepository,
  kRemote,
  kDatabase,         // check, doctor, sql-api, query
  kTargets,          // check, doctor, query
  kVersionTable,     // check, doctor, pending
  kRows,             // pending
  kReports,          // check, doctor, reports, ack
  kRun,              // check, doctor
  kTrial,            // doctor
  kPast,             // reports
  kAcknowledgement,  // ack
  kFunction,         // sql-api
  kAudit,            // sql-api, query
  kStatement,        // query
  kExpectation,      // check
  kSchema,           // schema
  kSchemaRules,      // schema
  kHistory,          // history
  kExplained,        // explain
  kGate,             // explain, pending, check
  kNetwork,          // all that may ask somebody over https
  kOutput,
  kWritten,  // all that end: whoever serves prints no answer
};

struct OptionSpec {
  // As on the command line without the dashes. The configuration file and the environment use the
  // same words: "version-table" is "version_table" there and SCHEMA_DRIFT_VERSION_TABLE.
  std::string_view name;
  std::string_view value;  // "PATH"; "" for a switch
  std::string_view description;
  Group group;
  bool in_target;  // may stand in a target of the configuration file
  bool in_file;    // may stand in the configuration file at all
  std::variant<std::optional<std::string> Options::*, std::optional<bool> Options::*,
               std::optional<std::vector<std::string>> Options::*>
      field;
  // What one call of one person says (--yes, a statement's parameters) may not linger in a
  // variable.
  bool in_environment = true;
  std::string_view letter = {};  // "-d"; "" where it has none
  std::string_view also = {};    // "--db,--dsn": names that other programs have for it
};

// In the order in which --help lists them.
const std::vector<OptionSpec>& option_specs();

std::string key_in_file(const OptionSpec& spec);       // "version_table"
std::string environment_name(const OptionSpec& spec);  // "SCHEMA_DRIFT_VERSION_TABLE"

// What the environment says: SCHEMA_DRIFT_*, and where those are silent the variables of the Lambda
// functions that did these jobs before: GITHUB_REPO, RDS_SECRET_ARN, DB_SECRET_ARN, REPORTS_BUCKET,
// SNS_TOPIC_ARN and NOTIFY_ON_SUCCESS. Lists are separated by commas; switches are true/false, 1/0,
// yes/no, on/off; an empty variable counts as not set. Throws Error{kUsage} naming a variable that
// is none of these.
Options from_environment();

// For each variable that begins with SCHEMA_DRIFT_ and is read by nobody a sentence that says so,
// with the nearest one that is.
std::vector<std::string> unknown_variables();

// `first` where it says something, else `second`. --database and --database-file are two ways to
// say one thing: where `first` has either, neither comes from `second`.
Options merged(const Options& first, const Options& second);

// What is wrong with an option's value: invalid --timeout "5x": not a number of seconds.
Error invalid_value(std::string_view option, std::string_view value, std::string_view why,
                    std::string hint);

// Of a choice that there is not: unknown --format "yaml". `choices` is the hint: "give text or
// json".
Error unknown_choice(std::string_view option, std::string_view value, std::string_view choices);

// A whole number from `least` to `most`; `unit` ("seconds") is for the message, "" for plain
// counts. Throws invalid_value's Error.
int whole_number(std::string_view option, const std::string& text, int least, int most,
                 std::string_view unit = {});

}  // namespace drift::config
