#include "drift/cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/cli/completion.h"
#include "drift/cli/help_page.h"
#include "drift/cli/manual_page.h"
#include "drift/report/report.h"

namespace drift::cli {
namespace {

using config::Group;
using config::Options;
using config::OptionSpec;

constexpr const char* kEnvironmentNote =
    "Every option is also an environment variable: SCHEMA_DRIFT_ and its name in capitals with\n"
    "underscores (--version-table: SCHEMA_DRIFT_VERSION_TABLE); lists are separated by commas.";

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
    case Group::kNetwork:
    case Group::kOutput:
    case Group::kWritten: return "Output and limits";
  }
  return "Options";
}

constexpr std::size_t kNameColumn = 34;

// CLI11 2.1 indents the lines of a description, but does not break them.
std::string description_lines(std::string_view text) {
  return wrapped(text, kHelpWidth - kNameColumn);
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
  const std::string description = description_lines(spec.description);
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

// Registers the options of the command; what is given goes into `into`.
void add_options(CLI::App& app, Options& into, const CommandSpec& command) {
  for (const OptionSpec* spec : options_of(command)) {
    CLI::Option* option = add_option(app, into, *spec, flags_of(*spec));
    if (!spec->value.empty()) option->option_text(std::string(spec->value));
    option->group(group_title(spec->group));
    // CLI11 lists no option without a group.
    if (!spec->also.empty()) add_option(app, into, *spec, std::string(spec->also))->group("");
  }
}

std::string exit_codes_line(const CommandSpec& command) {
  return wrapped(fmt::format("Exit codes: {}.", command.exit_codes), kHelpWidth);
}

struct Program {
  CommandLine parsed;
  CLI::App app{"Compares the Alembic revisions of a git ref with production's alembic_version."};
  std::map<CLI::App*, const CommandSpec*> commands;

  // Only commands that `words` may mean get their options: to register those of all takes longer
  // than to start.
  explicit Program(const std::vector<const char*>& words) {
    app.name("schema-drift");
    app.require_subcommand(1);
    app.set_version_flag("-v,--version", fmt::format("schema-drift {}", report::tool_version()));
    app.set_help_all_flag("--help-all", "With every option of every command");
    app.get_formatter()->column_width(kNameColumn);  // subcommands inherit it
    const auto is_there = [&](std::string_view word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    const bool all = is_there("--help-all");
    for (const CommandSpec& spec : command_specs()) add(spec, all || is_there(spec.name));
    app.footer(fmt::format("schema-drift COMMAND --help says what a command takes.\n{}",
                           exit_codes_line(command_specs().front())));
  }

  void add(const CommandSpec& spec, bool with_options) {
    CLI::App* subcommand =
        app.add_subcommand(std::string(spec.name), description_lines(spec.description));
    commands[subcommand] = &spec;
    if (!with_options) return;
    add_options(*subcommand, parsed.options, spec);
    if (!spec.words.empty()) {
      subcommand
          ->add_option(std::string(spec.words), parsed.words,
                       description_lines(spec.words_description))
          ->option_text(" ");
    }
    subcommand->footer(fmt::format("{}\n{}", kEnvironmentNote, exit_codes_line(spec)));
  }

  // The command that was named before the words ended; nothing where none was.
  const CommandSpec* active() const {
    const auto named = app.get_subcommands();
    return named.empty() ? nullptr : commands.at(named.front());
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
      for (const CommandSpec& spec : command_specs()) known.emplace_back(spec.name);
      known.insert(known.end(), {"help", "version"});
    }
    const std::string call = active == &app ? "schema-drift" : "schema-drift " + active->get_name();
    for (const std::string& extra : active->remaining(true)) {
      const std::string near = nearest(extra.substr(0, extra.find('=')), known);
      throw Error{Fault::kUsage, fmt::format("{} does not know \"{}\"", call, extra),
                  near.empty() ? fmt::format("{} --help lists what it knows", call)
                               : fmt::format("did you mean {}?", near)};
    }
    const std::string hint = fmt::format("see {} --help", call);
    // "--output: 1 required TEXT missing"
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
      const std::string text = error.what();
      throw Error{Fault::kUsage, fmt::format("{} needs a value", text.substr(0, text.find(':'))),
                  hint};
    }
    throw Error{Fault::kUsage, error.what(), hint};
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
  Program program(words);
  try {
    program.app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    const CommandSpec* const command = program.active();
    return {{}, Message{command != nullptr ? help_page(*command) : program.app.help()}};
  } catch (const CLI::CallForAllHelp&) {
    return {{}, Message{program.app.help("", CLI::AppFormatMode::All)}};
  } catch (const CLI::CallForVersion& version) {
    return {{}, Message{std::string(version.what()) + "\n"}};
  } catch (const CLI::ParseError& error) {
    if (argc <= 1) {
      throw Error{Fault::kUsage, "no command was given", "see schema-drift --help"};
    }
    program.refuse(error);
  }
  const CommandLine& parsed = program.parsed;
  program.parsed.command = program.active()->command;
  if (parsed.command == Command::kMan) return {{}, Message{manual_page(), parsed.options.output}};
  if (parsed.command == Command::kCompletion) {
    return {{}, Message{completion(parsed.words), parsed.options.output}};
  }
  return {std::move(program.parsed), {}};
}

}  // namespace drift::cli
