// From options to what a command needs: sources ranked, defaults filled in, values checked.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "drift/check/check.h"
#include "drift/config/options.h"

namespace drift::config {

struct Resolved {
  Options run;
  std::vector<Options> targets;
};

// Without a configuration file (--config) there is one target: what the command line says, else the
// environment. With one, the command line outranks the file for every target and the file outranks
// the environment, so that a variable meant for one database cannot become the database of all;
// --target then selects one of the targets.
// Throws Error{kUsage, kConfiguration}.
Resolved resolve(const Options& command_line, const Options& environment);

// A URL in the wrong place may hold a password, and would stand in reports from there.
// Throws Error{kUsage}, as in: --ref takes a branch, tag or commit, and was given https://host/x.
void require_no_url(std::string_view what, std::string_view takes, const std::string& given);

// The repository's side of one target.
// Throws Error{kUsage} where the token file cannot be read.
check::CodebaseSettings codebase_settings(const Options& target, const Options& run);

// --role-arn and --external-id. Throws Error{kUsage} for what is not the ARN of a role.
check::Role role_settings(const Options& options);

// What --schema-rules says: a file on disk, read, or repository:PATH, which is read where the
// repository is. Throws Error{kUsage, kConfiguration}, as schema::read_rules.
check::SchemaRules schema_rules(const Options& target);

// Everything `check` needs.
// Throws Error{kUsage} for a target without a database, or with a name that is no file name.
check::Settings check_settings(const Resolved& resolved);

// How reports are kept: --kms-key and --object-lock. Throws Error{kUsage}.
reporters::ReportOptions report_options(const Options& run);

// $XDG_STATE_HOME/schema-drift or ~/.local/state/schema-drift; "" where there is neither.
std::string state_folder();

// What of the time-out is kept for storing and alerting: a fifth, at most 20 seconds.
std::chrono::milliseconds delivery_time(std::chrono::seconds timeout);

// --timeout. Throws Error{kUsage} unless a whole number from 1 to 86400.
std::chrono::seconds run_timeout(const Options& run);

}  // namespace drift::config
