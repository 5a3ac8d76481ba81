#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/pending_operations.h"
#include "drift/cli/check_formats.h"
#include "drift/cli/commands.h"
#include "drift/cli/operations_formats.h"
#include "drift/cli/operations_output.h"
#include "drift/report/fleet_alert.h"
#include "drift/report/metrics.h"

namespace drift::cli {
namespace {

// JSON for one target is its report; several are one array, so that stdout stays one document.
class JsonOutput {
 public:
  explicit JsonOutput(bool several) : several_(several) {}

  void add(const std::string& report) {
    if (several_) write_fully(1, first_ ? "[\n" : ",\n");
    // The stored bytes and the printed ones are the same, but for the comma that follows.
    write_fully(1, several_ ? std::string_view(report).substr(0, report.size() - 1) : report);
    first_ = false;
  }
  void finish() {
    if (several_) write_fully(1, "\n]\n");
  }

 private:
  bool several_;
  bool first_ = true;
};

// CloudWatch's agent and the log drivers of ECS and Batch read standard error, too.
bool embedded_metrics_wanted(const config::Options& options) {
  if (!options.metrics) return false;
  if (*options.metrics == "emf") return true;
  throw config::unknown_choice("--metrics", *options.metrics, "give emf");
}

// How a person is told of a target.
enum class Shown { kWhole, kLine };

std::string line_of(const report::Report& report) {
  return fmt::format("{}: {}: {}\n", report.target, verdict::status_name(report.status),
                     report::what_it_says(report));
}

// Where a report is printed in full on the terminal that alerts go to, an alert adds why it came.
std::string alert_lines(const check::Outcome& outcome, bool shown_on_terminal) {
  std::vector<std::string> others = outcome.alerted;
  const std::size_t all = others.size();
  if (shown_on_terminal) std::erase(others, "terminal");
  std::string text;
  if (others.size() < all) {
    text += fmt::format("  {:<12}{}\n", "why now", printable(outcome.report.alert->reason));
  }
  if (!others.empty()) {
    text += fmt::format("  {:<12}sent to {}\n", "alert", printable(joined(others)));
  }
  return text;
}

// Whoever sits there reads both.
bool both_on_a_terminal() { return ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

int check_all(const Context& context, check::Settings settings, Shown shown) {
  const auto begin = std::chrono::steady_clock::now();
  // Threads may be left behind (see check::Side), so what they use is never destroyed before the
  // process ends.
  static const SystemClock clock;
  const check::Run run{aws::random_hex(8), clock, context.stop, context.log,
                       std::make_shared<check::AwsAccess>(clock)};
  context.log->set_run_id(run.id);

  const bool quiet = context.resolved.run.quiet.value_or(false);
  settings.alert_options.shown_on_terminal =
      shown == Shown::kWhole && !quiet && context.format == Format::kText && both_on_a_terminal();
  const bool on_terminal = settings.alert_options.shown_on_terminal;
  JsonOutput json{settings.targets.size() > 1};
  CheckedTargets forms;
  int code = 0;
  const auto gate = fail_on(context.resolved.run);
  const bool emf = embedded_metrics_wanted(context.resolved.run);
  const check::RunEnd end = check::run(settings, run, [&](const check::Outcome& outcome) {
    int own = check::exit_code(outcome);
    if (gate && own == verdict::exit_code(outcome.report.status)) {
      own = check::gated_exit_code(outcome.report, *gate);
    }
    code = check::worse_exit_code(code, own);
    for (const std::string& sentence : outcome.report.undelivered) {
      context.log->write(LogLevel::kError, sentence);
    }
    const bool failed = outcome.report.failure.has_value();
    if (context.format == Format::kText && failed) {
      write_fully(2, report::to_text(outcome.report, wants_colour(2)) +
                         (quiet ? "" : alert_lines(outcome, on_terminal)));
      // A file that was to hold this run's answer may not keep an older one.
      if (context.resolved.run.output) write_fully(1, report::to_text(outcome.report, false));
    } else if (quiet) {
      return;
    } else if (is_form(context.format)) {
      forms.add(outcome.report, own != 0);
    } else if (context.format == Format::kJson) {
      json.add(outcome.json);
    } else if (context.format == Format::kJsonLines) {
      write_fully(1, nlohmann::ordered_json::parse(outcome.json).dump() + "\n");
    } else {
      std::string text = shown == Shown::kLine ? line_of(outcome.report)
                                               : report::to_text(outcome.report, wants_colour(1));
      if (!outcome.stored_at.empty()) text += "  report      " + outcome.stored_at + "\n";
      text += alert_lines(outcome, on_terminal);
      write_fully(1, text);
    }
  });
  if (context.format == Format::kJson && !quiet) json.finish();
  if (is_form(context.format) && !quiet) {
    write_fully(1, formatted(forms.output(), context.format));
  }
  if (context.format == Format::kText && !quiet && end.measures.size() > 1) {
    if (!end.alerted.empty()) {
      write_fully(1, fmt::format("alert sent to {}\n", printable(joined(end.alerted))));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    write_fully(
        1, fmt::format("{}, in {:.1f} s\n", report::counted_statuses(end.statuses), took.count()));
  }
  if (emf && !settings.dry_run) {
    for (const report::Measures& measures : end.measures) {
      write_fully(2, report::embedded_metrics(measures) + "\n");
    }
  }
  for (const std::string& sentence : end.undelivered) {
    context.log->write(LogLevel::kError, sentence);
  }
  if (!end.undelivered.empty()) code = check::worse_exit_code(code, 3);
  return code;
}

}  // namespace

int run_check(const Context& context) {
  return check_all(context, config::check_settings(context.resolved), Shown::kWhole);
}

int run_status(const Context& context) {
  check::Settings settings = config::check_settings(context.resolved);
  settings.dry_run = true;
  return check_all(context, settings, Shown::kLine);
}

}  // namespace drift::cli
