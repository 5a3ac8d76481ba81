#include "drift/cli/command_table.h"

#include <algorithm>

namespace drift::cli {
namespace {

using config::Group;

constexpr std::string_view kVerdictExits =
    "0 synced, 1 drift, 2 could not tell, 3 the verdict stands but a report or alert was not "
    "delivered, 64 wrong usage or configuration";
constexpr std::string_view kReadExits =
    "0 synced, 1 drift, 2 could not tell, 64 wrong usage or configuration";
constexpr std::string_view kRepositoryExits =
    "0 done, 2 could not tell, 64 wrong usage or configuration";
constexpr std::string_view kCurrentExits =
    "0 done, 2 production or a repository that was named could not be read, 64 wrong usage or "
    "configuration";
constexpr std::string_view kQueryExits =
    "0 done, 1 the statement failed or was not run, 2 the database could not be reached, 4 the "
    "pages "
    "that were printed may not agree, 64 wrong usage or configuration";
constexpr std::string_view kDoctorExits =
    "0 all is well or there are only warnings, 1 nobody would be told, 2 something fails, 64 wrong "
    "usage or configuration";
constexpr std::string_view kExplainExits =
    "0 all were found, 1 one is nowhere, 2 could not tell, 64 wrong usage or configuration; with "
    "--fail-on also 1 where an operation is that severe";
constexpr std::string_view kSchemaExits =
    "0 done and nothing differs that fails, 1 drift, 2 could not read or compare, 64 wrong usage "
    "or configuration";
constexpr std::string_view kServingExits =
    "0 ended by a signal, 2 could not serve, 64 wrong usage or configuration";
constexpr std::string_view kArchiveExits =
    "0 done, 1 reports verify found something wrong, 2 reports could not be read or written "
    "(verify: it cannot be told), 64 wrong usage or configuration";
constexpr std::string_view kPrintingExits = "0 done, 2 could not be written, 64 wrong usage";

}  // namespace

const std::vector<CommandSpec>& command_specs() {
  static const std::vector<CommandSpec> specs = {
      {"check",
       Command::kCheck,
       "Compare the repository with production, keep a report, alert",
       {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kTargets, Group::kVersionTable,
        Group::kExpectation, Group::kSchemaRules, Group::kReports, Group::kRun, Group::kGate,
        Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json", "jsonl", "markdown", "sarif", "junit", "github"},
       kVerdictExits},
      {"status",
       Command::kStatus,
       "Compare the repository with production: a line a target; stores nothing, alerts nobody",
       {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kTargets, Group::kVersionTable,
        Group::kExpectation, Group::kSchemaRules, Group::kGate, Group::kNetwork, Group::kOutput,
        Group::kWritten},
       {"text", "json", "jsonl", "markdown", "sarif", "junit", "github"},
       kReadExits},
      {"current",
       Command::kCurrent,
       "What production is at: its version rows, and where they stand at the ref",
       {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kTargets, Group::kVersionTable,
        Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json"},
       kCurrentExits},
      {"heads",
       Command::kHeads,
       "Heads, bases and branches of the repository",
       {Group::kRepository, Group::kRemote, Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json"},
       kRepositoryExits},
      {"history",
       Command::kHistory,
       "Every revision of the repository in upgrade order",
       {Group::kRepository, Group::kRemote, Group::kHistory, Group::kNetwork, Group::kOutput,
        Group::kWritten},
       {"text", "json"},
       kRepositoryExits},
      {"pending",
       Command::kPending,
       "What an upgrade would run where production's rows are those of --at, or of --database",
       {Group::kRepository, Group::kRemote, Group::kRows, Group::kDatabase, Group::kVersionTable,
        Group::kGate, Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json", "markdown", "sarif", "junit", "github"},
       kReadExits,
       "TARGET",
       "How far an upgrade would go, as alembic upgrade takes it: a revision or a beginning of its "
       "id, head, a label, LABEL@head, +1; or FROM:TARGET, where FROM stands for the version rows "
       "(none: every head)",
       {"head", "heads"}},
      {"explain",
       Command::kExplain,
       "Where revisions are (at the ref, at other branches and tags, or removed by which commit), "
       "and what their operations lock",
       {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kVersionTable,
        Group::kExplained, Group::kGate, Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json", "markdown", "sarif", "junit", "github"},
       kExplainExits,
       "REVISIONS",
       "Revision ids, or beginnings of them; none for the operations of all at the ref"},
      {"reports",
       Command::kReports,
       "Read what was reported: list, show, latest, summary, verify, prune",
       {Group::kReports, Group::kPast, Group::kTargets, Group::kNetwork, Group::kOutput,
        Group::kWritten},
       {"text", "json", "html"},
       kArchiveExits,
       "WORDS",
       "list (the default), show RUN or REPORT or TARGET, latest [TARGET], summary, verify "
       "[TARGET] or prune",
       {"list", "show", "latest", "summary", "verify", "prune"}},
      {"ack",
       Command::kAck,
       "Say that a target's drift is known, so that it is not told again; or take that back",
       {Group::kReports, Group::kAcknowledgement, Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json"},
       kArchiveExits,
       "TARGET",
       "The target, as its reports name it; none with --list"},
      {"doctor",
       Command::kDoctor,
       "Try what the nightly run needs, and say what to do",
       {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kTargets, Group::kVersionTable,
        Group::kReports, Group::kRun, Group::kTrial, Group::kNetwork, Group::kOutput,
        Group::kWritten},
       {"text", "json"},
       kDoctorExits},
      {"sql-api",
       Command::kSqlApi,
       "Serve the SQL API: in Lambda as a custom runtime, elsewhere on loopback",
       {Group::kDatabase, Group::kFunction, Group::kAudit, Group::kNetwork, Group::kOutput},
       {},
       kServingExits},
      {"query",
       Command::kQuery,
       "Ask the database one thing, directly or through the SQL API",
       {Group::kStatement, Group::kDatabase, Group::kTargets, Group::kAudit, Group::kNetwork,
        Group::kOutput, Group::kWritten},
       {"table", "json", "csv", "ndjson"},
       kQueryExits,
       "STATEMENT",
       "In quotation marks; - reads it from standard input, as does no word at all where that is "
       "no terminal; on a terminal no word begins a session. Or one of: tables, schema NAME, count "
       "NAME, version",
       {"tables", "schema", "count", "version"}},
      {"schema",
       Command::kSchema,
       "What a database's catalog holds, and should hold",
       {Group::kSchema, Group::kSchemaRules, Group::kRepository, Group::kRemote, Group::kDatabase,
        Group::kTargets, Group::kVersionTable, Group::kNetwork, Group::kOutput, Group::kWritten},
       {"text", "json", "html", "junit", "sarif", "markdown"},
       kSchemaExits,
       "WORDS",
       "snapshot; diff EXPECTED LIVE, each a snapshot's file, s3://bucket/name or a database URL; "
       "record, of a freshly upgraded database; or accept TARGET, as production is",
       {"snapshot", "diff", "record", "accept"}},
      {"completion",
       Command::kCompletion,
       "Print what completes these words in a shell: bash, zsh or fish",
       {Group::kWritten},
       {},
       kPrintingExits,
       "SHELL",
       "bash, zsh or fish",
       {"bash", "zsh", "fish"}},
      {"man",
       Command::kMan,
       "Print the manual page: schema-drift man | man -l -",
       {Group::kWritten},
       {},
       kPrintingExits},
  };
  return specs;
}

std::vector<const config::OptionSpec*> options_of(const CommandSpec& command) {
  std::vector<const config::OptionSpec*> options;
  for (const config::OptionSpec& spec : config::option_specs()) {
    const auto& groups = command.groups;
    if (std::find(groups.begin(), groups.end(), spec.group) == groups.end()) continue;
    options.push_back(&spec);
  }
  return options;
}

std::string forms_in_words(const CommandSpec& command) {
  std::string words;
  for (std::size_t i = 0; i < command.forms.size(); ++i) {
    if (i > 0) words += i + 1 == command.forms.size() ? " or " : ", ";
    words += command.forms[i];
    if (i == 0) words += " (default)";
  }
  return words;
}

}  // namespace drift::cli
