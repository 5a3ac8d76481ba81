#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "drift/check/check.h"
#include "reporters/alert_sink.h"
#include "reporters/report_sink.h"

namespace drift::check {
namespace {

using reporters::AlertSink;
using reporters::ReportSink;

struct Sinks {
  std::unique_ptr<ReportSink> reports;
  std::vector<std::unique_ptr<AlertSink>> alerts;
};

Sinks open_sinks(const Settings& settings) {
  Sinks sinks;
  if (!settings.reports.empty()) sinks.reports = reporters::make_report_sink(settings.reports);
  for (const std::string& url : settings.alerts) {
    sinks.alerts.push_back(reporters::make_alert_sink(url));
  }
  return sinks;
}

// The report first, then the alert: an alert names the place where the report lies.
void deliver(Outcome& outcome, const Settings& settings, const Sinks& sinks, const Log& log) {
  std::string location = "none was kept (no --reports)";
  if (sinks.reports) {
    try {
      outcome.stored_at = sinks.reports->store(outcome.report, outcome.json);
      location = outcome.stored_at;
      log.info("report stored", {{"target", outcome.report.target}, {"at", outcome.stored_at}});
    } catch (const Error& error) {
      location = fmt::format("NOT STORED: {}", error.what());
      outcome.undelivered.push_back(error.what());
    }
  }
  const bool synced = outcome.report.status == verdict::Status::kSynced;
  // A report that could not be kept is itself something to say.
  if (synced && !settings.notify_on_success && outcome.undelivered.empty()) return;
  for (const auto& alert : sinks.alerts) {
    try {
      alert->send(outcome.report, location);
      log.info("alert sent", {{"target", outcome.report.target}, {"to", alert->name()}});
    } catch (const Error& error) {
      outcome.undelivered.push_back(error.what());
    }
  }
}

}  // namespace

void run(const Settings& settings, const std::string& run_id, const Clock& clock,
         std::shared_ptr<const Stop> stop, std::shared_ptr<const Log> log,
         const std::function<void(const Outcome&)>& on_outcome) {
  const Sinks sinks = open_sinks(settings);
  log->info("run started", {{"targets", std::to_string(settings.targets.size())}});
  CodebaseShelf shelf;
  for (const Target& target : settings.targets) {
    Outcome outcome;
    outcome.report = check_target(target, run_id, clock, stop, log, shelf);
    outcome.json = report::to_json(outcome.report);
    log->info("verdict", {{"target", target.name},
                          {"status", std::string(verdict::status_name(outcome.report.status))}});
    if (!settings.dry_run) deliver(outcome, settings, sinks, *log);
    on_outcome(outcome);
  }
  log->info("run finished");
}

int exit_code(const Outcome& outcome) {
  const int verdict = verdict::exit_code(outcome.report.status);
  return outcome.undelivered.empty() ? verdict : worse_exit_code(verdict, 3);
}

int worse_exit_code(int one, int other) {
  // Not knowing outweighs a lost message, which outweighs a drift that somebody was told of.
  static constexpr std::array kWorstFirst = {2, 3, 1, 0};
  const auto* found = std::find_if(kWorstFirst.begin(), kWorstFirst.end(),
                                   [&](int code) { return code == one || code == other; });
  return found == kWorstFirst.end() ? one : *found;
}

}  // namespace drift::check
