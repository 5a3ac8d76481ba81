#include "drift/cli/program.h"

#include <fmt/format.h>

#include <string_view>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/check/failure.h"
#include "drift/cli/command_line.h"
#include "drift/cli/commands.h"

namespace drift::cli {
namespace {

constexpr int kUsageExit = 64;  // EX_USAGE of sysexits.h
constexpr int kCannotTellExit = 2;

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

// Nothing more can be said where the streams are gone; the exit code still tells.
int report_error(const Error& error, std::string_view side, bool json) {
  try {
    write_in_words(error);
    if (json) write_fully(1, report::failure_json(check::failure_of(error, side)));
  } catch (const Error&) {
  }
  return is_usage(error.fault) ? kUsageExit : kCannotTellExit;
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
  const char* variable = std::getenv(config::environment_name(format).c_str());
  return variable != nullptr && std::string_view(variable) == "json";
}

LogFormat log_format(const config::Options& options) {
  const std::string format = options.log.value_or("text");
  if (format == "text") return LogFormat::kText;
  if (format == "json") return LogFormat::kJson;
  throw Error{Fault::kUsage, fmt::format("\"{}\" is no --log format", format), "give text or json"};
}

int run_command(const CommandLine& command_line,
                const std::function<void(std::shared_ptr<Stop>)>& arm) {
  config::Resolved resolved = config::resolve(command_line.options, config::from_environment());
  const LogFormat log = log_format(resolved.run);
  const auto timeout = config::run_timeout(resolved.run);
  auto stop = std::make_shared<Stop>(timeout - config::delivery_time(timeout));
  const Format format = output_format(resolved.run);
  const Context context{
      std::move(resolved), format, stop,
      // A person at a terminal wants the answer; a log collector wants every event.
      std::make_shared<Log>(log, log == LogFormat::kJson ? LogLevel::kInfo : LogLevel::kWarning)};
  arm(stop);
  switch (command_line.command) {
    case Command::kCheck: return run_check(context);
    case Command::kHeads: return run_heads(context);
    case Command::kHistory: return run_history(context);
    case Command::kPending: return run_pending(context);
  }
  return kUsageExit;
}

}  // namespace

Format output_format(const config::Options& options) {
  const std::string format = options.format.value_or("text");
  if (format == "text") return Format::kText;
  if (format == "json") return Format::kJson;
  throw Error{Fault::kUsage, fmt::format("\"{}\" is no --format", format), "give text or json"};
}

int run_program(int argc, const char* const* argv,
                const std::function<void(std::shared_ptr<Stop>)>& arm) {
  const bool json = asks_for_json(argc, argv);
  std::string_view side = "run";
  try {
    const Parsed parsed = parse_command_line(argc, argv);
    if (parsed.message) {
      write_fully(1, parsed.message->text);
      return 0;
    }
    // Only check has two sides, and tells on its own which of them failed.
    if (parsed.command_line->command != Command::kCheck) side = "repository";
    return run_command(*parsed.command_line, arm);
  } catch (const Error& error) {
    return report_error(error, side, json);
  } catch (const std::exception& error) {
    return report_error(
        Error{Fault::kInternal, error.what(), "this is a defect of schema-drift: please report it"},
        side, json);
  }
}

}  // namespace drift::cli
