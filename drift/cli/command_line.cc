#include "drift/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <map>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/report/report.h"

namespace drift::cli {
namespace {

using config::Group;
using config::Options;
using config::OptionSpec;

constexpr const char* kEnvironmentNote =
    "Every option is also an environment variable: SCHEMA_DRIFT_ and its name in capitals with\n"
    "underscores (--version-table: SCHEMA_DRIFT_VERSION_TABLE); lists are separated by commas.";

constexpr const char* kExitCodes =
    "Exit codes: 0 synced, 1 drift, 2 could not tell, 3 the verdict stands but a report or alert\n"
    "was not delivered, 64 wrong usage or configuration.";

constexpr const char* kQueryExitCodes =
    "Exit codes: 0 done, 1 the statement failed or was not run, 2 the database could not be "
    "reached,\n"
    "64 wrong usage or configuration.";

constexpr const char* kDoctorExitCodes =
    "Exit codes: 0 all is well or there are only warnings, 1 nobody would be told, 2 something "
    "fails,\n"
    "64 wrong usage or configuration.";

constexpr const char* kExplainExitCodes =
    "Exit codes: 0 all were found, 1 one is nowhere, 2 could not tell, 64 wrong usage or\n"
    "configuration; with --fail-on also 1 where an operation is that severe.";

constexpr const char* kSchemaExitCodes =
    "Exit codes: 0 done and nothing differs that fails, 1 drift, 2 could not read or compare, 64\n"
    "wrong usage or configuration.";

constexpr const char* kServingExitCodes =
    "Exit codes: 0 ended by a signal, 2 could not serve, 64 wrong usage or configuration.";

constexpr const char* kArchiveExitCodes =
    "Exit codes: 0 done, 1 reports verify found something wrong, 2 reports could not be read or\n"
    "written (verify: it cannot be told), 64 wrong usage or configuration.";

constexpr const char* kQueryWords =
    "In quotation marks; - reads it from standard input, as does no word at all where that is no "
    "terminal. Or one of: tables, schema NAME, count NAME, version";

const char* group_title(Group group) {
  switch (group) {
    case Group::kRepository: return "Repository";
    case Group::kRemote: return "Remote repositories";
    case Group::kVersionTable:
    case Group::kRows:
    case Group::kTargets:
    case Group::kDatabase: return "Database";
    case Group::kFunction:
    case Group::kAudit: return "SQL API";
    case Group::kStatement: return "Statement";
    case Group::kExpectation:
    case Group::kSchema:
    case Group::kSchemaRules: return "Schema";
    case Group::kReports:
    case Group::kPast: return "Reports";
    case Group::kAcknowledgement: return "Acknowledgement";
    case Group::kTrial:
    case Group::kRun: return "Run";
    case Group::kHistory:
    case Group::kExplained:
    case Group::kGate:
    case Group::kOutput: return "Output and limits";
  }
  return "Options";
}

constexpr std::size_t kNameColumn = 34;
constexpr std::size_t kHelpWidth = 100;

// CLI11 2.1 indents the lines of a description, but does not break them.
std::string wrapped(std::string_view text) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && column + 1 + end > kHelpWidth - kNameColumn) {
      result += '\n';
      column = 0;
    } else if (column > 0) {
      result += ' ';
      ++column;
    }
    result += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// $COMMIT that nobody set must not become HEAD, nor $PLACE no place. A statement's parameter may
// well be an empty text.
void refuse_empty(const OptionSpec& spec, const std::string& value) {
  if (!value.empty() || spec.name == "param") return;
  throw Error{Fault::kUsage, fmt::format("--{} was given an empty value", spec.name),
              "give it one, or leave the option out; an empty variable may stand in its place"};
}

CLI::Option* add_option(CLI::App& app, Options& into, const OptionSpec& spec,
                        const std::string& flag) {
  const std::string description = wrapped(spec.description);
  if (const auto* text = std::get_if<std::optional<std::string> Options::*>(&spec.field)) {
    return app.add_option_function<std::string>(
        flag,
        [&into, &spec, field = *text](const std::string& value) {
          refuse_empty(spec, value);
          into.*field = value;
        },
        description);
  }
  if (const auto* toggle = std::get_if<std::optional<bool> Options::*>(&spec.field)) {
    return app.add_flag_callback(
        flag, [&into, field = *toggle] { into.*field = true; }, description);
  }
  const auto list = std::get<std::optional<std::vector<std::string>> Options::*>(spec.field);
  // One value an occurrence: `--versions-path a heads` must not swallow what follows.
  return app
      .add_option_function<std::vector<std::string>>(
          flag,
          [&into, &spec, list](const std::vector<std::string>& values) {
            for (const std::string& value : values) refuse_empty(spec, value);
            into.*list = values;
          },
          description)
      ->allow_extra_args(false);
}

// Registers the options of `groups`; what is given goes into `into`.
void add_options(CLI::App& app, Options& into, std::initializer_list<Group> groups) {
  for (const OptionSpec& spec : config::option_specs()) {
    if (std::find(groups.begin(), groups.end(), spec.group) == groups.end()) continue;
    std::string flag = "--" + std::string(spec.name);
    if (!spec.letter.empty()) flag = fmt::format("{},{}", spec.letter, flag);
    CLI::Option* option = add_option(app, into, spec, flag);
    if (!spec.value.empty()) option->option_text(std::string(spec.value));
    option->group(group_title(spec.group));
    // CLI11 lists no option without a group.
    if (!spec.also.empty()) add_option(app, into, spec, std::string(spec.also))->group("");
  }
}

struct Program {
  CommandLine parsed;
  CLI::App app{"Compares the Alembic revisions of a git ref with production's alembic_version."};
  std::map<CLI::App*, Command> commands;

  Program() {
    app.name("schema-drift");
    app.require_subcommand(1);
    app.set_version_flag("-v,--version", fmt::format("schema-drift {}", report::tool_version()));
    app.footer(kExitCodes);
    app.get_formatter()->column_width(kNameColumn);  // subcommands inherit it

    add("check", Command::kCheck, "Compare the repository with production, keep a report, alert",
        {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kTargets,
         Group::kVersionTable, Group::kExpectation, Group::kSchemaRules, Group::kReports,
         Group::kRun, Group::kGate, Group::kOutput});
    add("heads", Command::kHeads, "Heads, bases and branches of the repository",
        {Group::kRepository, Group::kRemote, Group::kOutput});
    add("history", Command::kHistory, "Every revision of the repository in upgrade order",
        {Group::kRepository, Group::kRemote, Group::kHistory, Group::kOutput});
    add("pending", Command::kPending,
        "What is pending where production's version rows are those of --at, or of --database",
        {Group::kRepository, Group::kRemote, Group::kRows, Group::kDatabase, Group::kVersionTable,
         Group::kGate, Group::kOutput});
    add("explain", Command::kExplain,
        "Where revisions are (at the ref, at other branches and tags, or removed by which commit), "
        "and what their operations lock",
        {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kExplained, Group::kGate,
         Group::kOutput});
    take_words("explain", "revisions",
               "Revision ids, or beginnings of them; none for the operations of all at the ref");
    add("reports", Command::kReports,
        "Read what was reported: list, show, latest, summary, verify, prune",
        {Group::kReports, Group::kPast, Group::kTargets, Group::kOutput});
    take_words("reports", "words",
               "list (the default), show RUN or REPORT or TARGET, latest [TARGET], summary, "
               "verify [TARGET] or prune");
    add("ack", Command::kAck,
        "Say that a target's drift is known, so that it is not told again; or take that back",
        {Group::kReports, Group::kAcknowledgement, Group::kOutput});
    take_words("ack", "target", "The target, as its reports name it; none with --list");
    add("doctor", Command::kDoctor, "Try what the nightly run needs, and say what to do",
        {Group::kRepository, Group::kRemote, Group::kDatabase, Group::kTargets,
         Group::kVersionTable, Group::kReports, Group::kRun, Group::kTrial, Group::kOutput});
    add("sql-api", Command::kSqlApi,
        "Serve the SQL API: in Lambda as a custom runtime, elsewhere on loopback",
        {Group::kDatabase, Group::kFunction, Group::kAudit, Group::kOutput});
    add("query", Command::kQuery, "Ask the database one thing, directly or through the SQL API",
        {Group::kStatement, Group::kDatabase, Group::kTargets, Group::kAudit, Group::kOutput});
    take_words("query", "statement", kQueryWords);
    add("schema", Command::kSchema, "What a database's catalog holds, and should hold",
        {Group::kSchema, Group::kSchemaRules, Group::kRepository, Group::kRemote, Group::kDatabase,
         Group::kTargets, Group::kVersionTable, Group::kOutput});
    take_words(
        "schema", "words",
        "snapshot; diff EXPECTED LIVE, each a snapshot's file, s3://bucket/name or a database "
        "URL; record, of a freshly upgraded database; or accept TARGET, as production is");
    app.get_subcommand("schema")->footer(fmt::format("{}\n{}", kEnvironmentNote, kSchemaExitCodes));
    for (const char* name : {"reports", "ack"}) {
      app.get_subcommand(name)->footer(fmt::format("{}\n{}", kEnvironmentNote, kArchiveExitCodes));
    }
    app.get_subcommand("query")->footer(fmt::format("{}\n{}", kEnvironmentNote, kQueryExitCodes));
    app.get_subcommand("explain")->footer(
        fmt::format("{}\n{}", kEnvironmentNote, kExplainExitCodes));
    app.get_subcommand("doctor")->footer(fmt::format("{}\n{}", kEnvironmentNote, kDoctorExitCodes));
    app.get_subcommand("sql-api")->footer(
        fmt::format("{}\n{}", kEnvironmentNote, kServingExitCodes));
  }

  void add(const std::string& name, Command command, const std::string& description,
           std::initializer_list<Group> groups) {
    CLI::App* subcommand = app.add_subcommand(name, description);
    add_options(*subcommand, parsed.options, groups);
    subcommand->footer(fmt::format("{}\n{}", kEnvironmentNote, kExitCodes));
    commands[subcommand] = command;
  }

  void take_words(const std::string& command, const std::string& name, const char* description) {
    app.get_subcommand(command)
        ->add_option(name, parsed.words, wrapped(description))
        ->option_text(" ");
  }

  // CLI11 knows what it did not expect, but not what was meant.
  [[noreturn]] void refuse(const CLI::ParseError& error) {
    std::vector<std::string> known;
    CLI::App* active = &app;
    if (!app.get_subcommands().empty()) active = app.get_subcommands().front();
    for (const CLI::Option* option : active->get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
    if (active == &app) {
      for (const auto& [subcommand, command] : commands) known.push_back(subcommand->get_name());
    }
    const std::string call = active == &app ? "schema-drift" : "schema-drift " + active->get_name();
    for (const std::string& extra : active->remaining(true)) {
      const std::string near = nearest(extra.substr(0, extra.find('=')), known);
      throw Error{Fault::kUsage, fmt::format("{} does not know \"{}\"", call, extra),
                  near.empty() ? fmt::format("{} --help lists what it knows", call)
                               : fmt::format("did you mean {}?", near)};
    }
    throw Error{Fault::kUsage, error.what(), fmt::format("see {} --help", call)};
  }
};

// The command that _HANDLER asks for: "check" or "sql-api", or with whatever else stands before the
// dot, as in the handlers of other runtimes.
Command command_of_handler(const std::string& handler) {
  const std::string name = handler.substr(0, handler.find('.'));
  if (name == "sql-api") return Command::kSqlApi;
  if (name == "check") return Command::kDetector;
  throw Error{Fault::kUsage, fmt::format("unknown handler \"{}\"", handler),
              "set the function's handler to check or sql-api"};
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv,
                          const std::optional<std::string>& handler) {
  if (argc <= 1 && handler) return {CommandLine{command_of_handler(*handler), {}, {}}, {}};
  Program program;
  // As git and others have them: `help`, `help check`, `version`.
  std::vector<const char*> words(argv, argv + argc);
  if (argc == 2 && words[1] == std::string_view("version")) words[1] = "--version";
  if ((argc == 2 || argc == 3) && words[1] == std::string_view("help")) {
    words.erase(words.begin() + 1);
    words.push_back("--help");
  }
  // CLI11 takes the next word for the value of "--ref=".
  std::vector<std::string> emptied;
  emptied.reserve(words.size());
  for (std::size_t i = 1; i < words.size() && words[i] != std::string_view("--"); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    words[i] = emptied.emplace_back(word.substr(0, word.size() - 1)).c_str();
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(++i), "");
  }
  try {
    program.app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    return {{}, Message{program.app.help()}};
  } catch (const CLI::CallForVersion& version) {
    return {{}, Message{std::string(version.what()) + "\n"}};
  } catch (const CLI::ParseError& error) {
    if (argc <= 1) {
      throw Error{Fault::kUsage, "no command was given", "see schema-drift --help"};
    }
    program.refuse(error);
  }
  program.parsed.command = program.commands.at(program.app.get_subcommands().front());
  return {std::move(program.parsed), {}};
}

}  // namespace drift::cli
