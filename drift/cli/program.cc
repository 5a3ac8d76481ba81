#include "drift/cli/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/check/check.h"
#include "drift/cli/check_formats.h"
#include "drift/cli/command_line.h"
#include "drift/cli/commands.h"
#include "drift/cli/operations_formats.h"
#include "drift/cli/output_file.h"
#include "drift/http/private_authority.h"
#include "drift/runtime_api/runtime.h"

namespace drift::cli {
namespace {

constexpr int kUsageExit = 64;  // EX_USAGE of sysexits.h
constexpr int kCannotTellExit = 2;
constexpr int kStatementFailedExit = 1;  // of query
constexpr int kUnreachableExit = 2;      // of query

bool is_usage(Fault fault) { return fault == Fault::kUsage || fault == Fault::kConfiguration; }

void write_in_words(const Error& error) {
  std::string text = fmt::format("schema-drift: error: {}\n", printable(error.what()));
  std::string_view hint = error.hint;
  for (bool first = true; !hint.empty(); first = false) {
    const std::size_t end = std::min(hint.find('\n'), hint.size());
    text += fmt::format("  {} {}\n", first ? "hint:" : "     ", printable(hint.substr(0, end)));
    hint.remove_prefix(std::min(end + 1, hint.size()));
  }
  write_fully(2, text);
}

// Where the database could not be asked at all; psql makes the same distinction.
// https://www.postgresql.org/docs/15/app-psql.html#id-1.9.4.20.7
bool is_unreachable(Fault fault) {
  constexpr std::array kFaults = {Fault::kConnectionFailed, Fault::kDatabaseAuthenticationFailed,
                                  Fault::kTlsFailed,        Fault::kPermissionDenied,
                                  Fault::kHttpFailed,       Fault::kNoCredentials,
                                  Fault::kAccessDenied,     Fault::kAwsFailed,
                                  Fault::kTimedOut};
  return std::find(kFaults.begin(), kFaults.end(), fault) != kFaults.end();
}

int exit_code_of(const Error& error, Command command) {
  if (is_usage(error.fault)) return kUsageExit;
  if (command != Command::kQuery) return kCannotTellExit;
  return is_unreachable(error.fault) ? kUnreachableExit : kStatementFailedExit;
}

// Nothing more can be said where the streams are gone; the exit code still tells.
void report_error(const Error& error, std::string_view side, bool json) {
  try {
    write_in_words(error);
    if (json) write_fully(1, report::failure_json(check::failure_of(error, side)));
  } catch (const Error&) {
  }
}

// A document that says what failed is what was asked for; of anything else there may be half. What
// the file held before would pass for this run's answer, so that is said.
void keep_failure(const std::unique_ptr<OutputFile>& output, bool json) {
  if (!output) return;
  try {
    if (json) {
      output->keep();
    } else if (!output->in_place()) {
      write_fully(2, "schema-drift: the file of --output was not written\n");
    }
  } catch (const Error& error) {
    report_error(error, "run", /*json=*/false);
  }
}

// Known before the words are parsed, so that a wrong call is answered in the format it asked for.
bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--format=json") return true;
    if (word == "--format" && i + 1 < argc) return std::string_view(argv[i + 1]) == "json";
  }
  const config::OptionSpec format{
      "format", "", "", config::Group::kOutput, false, false, &config::Options::format};
  return environment_variable(config::environment_name(format)) == "json";
}

LogFormat log_format(const config::Options& options) {
  const std::string format = options.log.value_or("text");
  if (format == "text") return LogFormat::kText;
  if (format == "json") return LogFormat::kJson;
  throw config::unknown_choice("--log", format, "give text or json");
}

std::shared_ptr<Stop> stop_of(Command command, std::chrono::seconds timeout) {
  switch (command) {
    // Its time-out is that of one invocation.
    case Command::kDetector:
    case Command::kSqlApi: return std::make_shared<Stop>();
    // Nothing is delivered, so no time is kept for it.
    case Command::kDoctor:
    case Command::kSchema:
    case Command::kQuery: return std::make_shared<Stop>(timeout);
    default: return std::make_shared<Stop>(timeout - config::delivery_time(timeout));
  }
}

// Where standard output is to go; nothing where it stays what it is.
std::unique_ptr<OutputFile> output_file(const std::optional<std::string>& output) {
  if (!output || *output == "-") return nullptr;
  return std::make_unique<OutputFile>(*output);
}

// A snapshot goes to a bucket by itself.
std::unique_ptr<OutputFile> output_file(const CommandLine& command_line) {
  const std::optional<std::string>& output = command_line.options.output;
  if (!output || !output->starts_with("s3://")) return output_file(output);
  if (command_line.command == Command::kSchema) return nullptr;
  throw config::invalid_value("--output", *output, "not a file",
                              "schema snapshot alone writes to a bucket; name a file");
}

int run_command(const CommandLine& command_line,
                const std::function<void(std::shared_ptr<Stop>)>& arm,
                shell::RunSession run_session) {
  config::Resolved resolved = config::resolve(command_line.options, config::from_environment());
  if (resolved.run.ca_file) trust_also(*resolved.run.ca_file);
  if (resolved.run.no_color.value_or(false)) forget_colour();
  const LogFormat log = log_format(resolved.run);
  const auto timeout = config::run_timeout(resolved.run);
  auto stop = stop_of(command_line.command, timeout);
  // query, reports and schema have forms of their own, and the functions print nothing.
  static const std::set<Command> kOwnForms = {Command::kQuery, Command::kReports, Command::kSchema,
                                              Command::kSqlApi, Command::kDetector};
  const bool has_format = kOwnForms.count(command_line.command) == 0;
  const bool checks =
      command_line.command == Command::kCheck || command_line.command == Command::kStatus;
  const bool operations =
      command_line.command == Command::kExplain || command_line.command == Command::kPending;
  const Format format = operations   ? operations_format(resolved.run)
                        : checks     ? check_format(resolved.run)
                        : has_format ? output_format(resolved.run)
                                     : Format::kText;
  const Context context{
      std::move(resolved), format, stop,
      // A person at a terminal wants the answer; a log collector wants every event.
      std::make_shared<Log>(log, log == LogFormat::kJson ? LogLevel::kInfo : LogLevel::kWarning),
      run_session};
  for (const std::string& sentence : config::unknown_variables()) context.log->warning(sentence);
  arm(stop);
  switch (command_line.command) {
    case Command::kCheck: return run_check(context);
    case Command::kDetector: return run_detector(context, command_line.options);
    case Command::kHeads: return run_heads(context);
    case Command::kHistory: return run_history(context);
    case Command::kPending: return run_pending(context, command_line.words);
    case Command::kExplain: return run_explain(context, command_line.words);
    case Command::kReports: return run_reports(context, command_line.words);
    case Command::kAck: return run_ack(context, command_line.words);
    case Command::kDoctor: return run_doctor(context);
    case Command::kSqlApi: return run_sql_api(context);
    case Command::kSchema: return run_schema(context, command_line.words);
    case Command::kStatus: return run_status(context);
    case Command::kCurrent: return run_current(context);
    case Command::kCompletion:
    case Command::kMan: break;  // printed by the parser
    case Command::kQuery: return run_query(context, command_line.options, command_line.words);
  }
  return kUsageExit;
}

}  // namespace

Format output_format(const config::Options& options) {
  const std::string format = options.format.value_or("text");
  if (format == "text") return Format::kText;
  if (format == "json") return Format::kJson;
  throw config::unknown_choice("--format", format, "give text or json");
}

int run_program(int argc, const char* const* argv,
                const std::function<void(std::shared_ptr<Stop>)>& arm,
                shell::RunSession run_session) {
  const std::optional<std::string> runtime_api = nonempty_variable("AWS_LAMBDA_RUNTIME_API");
  bool json = asks_for_json(argc, argv);
  std::string_view side = "run";
  std::unique_ptr<OutputFile> output;
  Command command = Command::kCheck;
  bool started = false;
  const auto armed = [&](std::shared_ptr<Stop> stop) {
    started = true;
    arm(std::move(stop));
  };
  // Lambda shows nobody our standard error unless somebody looks for it; the error of an init is
  // what the caller of the function gets.
  const auto tell_lambda = [&](const std::exception_ptr& error) {
    if (!runtime_api || started || (argc > 1 && command != Command::kSqlApi)) return;
    runtime_api::report_init_error(*runtime_api, error, Log(LogFormat::kText, LogLevel::kWarning));
  };
  try {
    std::optional<std::string> handler;
    if (runtime_api) handler = nonempty_variable("_HANDLER").value_or("");
    const Parsed parsed = parse_command_line(argc, argv, handler);
    if (parsed.message) {
      output = output_file(parsed.message->output);
      write_fully(1, parsed.message->text);
      if (output) output->keep();
      return 0;
    }
    command = parsed.command_line->command;
    // Only check has two sides, and tells on its own which of them failed.
    const bool checks = command == Command::kCheck || command == Command::kStatus;
    if (!checks) side = command == Command::kCurrent ? "production" : "repository";
    if (command == Command::kQuery || command == Command::kSqlApi) json = false;
    output = output_file(*parsed.command_line);
    const int code = run_command(*parsed.command_line, armed, run_session);
    if (output) output->keep();
    return code;
  } catch (const Error& error) {
    tell_lambda(std::current_exception());
    report_error(error, side, json);
    keep_failure(output, json);
    return exit_code_of(error, command);
  } catch (const std::exception& error) {
    const Error told{Fault::kInternal, error.what(),
                     "this is a defect of schema-drift: please report it"};
    tell_lambda(std::current_exception());
    report_error(told, side, json);
    keep_failure(output, json);
    return exit_code_of(told, command);
  }
}

}  // namespace drift::cli
