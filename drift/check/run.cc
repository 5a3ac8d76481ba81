#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drift/base/output.h"
#include "drift/base/url.h"
#include "drift/check/applied_record.h"
#include "drift/check/check.h"
#include "drift/check/delivery.h"
#include "drift/check/fleet.h"
#include "drift/check/history.h"
#include "drift/check/side.h"
#include "drift/report/metrics.h"
#include "drift/report/stored_report.h"
#include "reporters/durable_file.h"
#include "reporters/report_archive.h"
#include "reporters/spool.h"
#include "reporters/web_call.h"

namespace drift::check {
namespace {

// A history is worth this much waiting, and half of the time that there is: the run goes on without
// it, and must still have time to tell.
constexpr std::chrono::milliseconds kHistoryTime{8'000};

// As configured: a run that cannot read the repository must find the same memory.
report::Place place_of(const Target& target) {
  return {target.name, redacted_url(target.codebase.repository),
          target.codebase.ref.empty() ? "HEAD" : target.codebase.ref};
}

// Reads a target's history while its sides are read: nothing waits for it then.
class HistoryReader {
 public:
  HistoryReader(const Settings& settings, const Run& run, const Delivery& delivery)
      : run_(run), readers_(delivery.readers()) {
    if (settings.dry_run) return;
    archive_ = delivery.archive();
    spool_ = delivery.spool();
  }

  void start(const Target& target) {
    place_ = place_of(target);
    if (!archive_) return;
    // A part of the run's: a signal ends this, too.
    stop_ = std::make_shared<Stop>(std::min(kHistoryTime, run_.stop->remaining() / 2), *run_.stop);
    side_.emplace([archive = archive_, spool = spool_, place = place_, readers = readers_,
                   whole = run_.stop,
                   stop = stop_] { return read_history(*archive, *spool, place, readers, *stop); });
  }

  History wait() {
    if (!side_) return unknown_history(place_, readers_, "no reports are kept (no --reports)");
    try {
      return side_->wait(*stop_, "reading what was told before");
    } catch (const Error& error) {
      return unknown_history(place_, readers_,
                             fmt::format("the store cannot be read: {}", error.what()));
    }
  }

 private:
  const Run& run_;
  const std::vector<AlertReader> readers_;
  report::Place place_;
  std::shared_ptr<reporters::ReportArchive> archive_;
  std::shared_ptr<const reporters::Spool> spool_;
  std::shared_ptr<Stop> stop_;
  std::optional<Side<History>> side_;
};

// Reads the targets while what was read of those before is delivered.
class SideBySide {
 public:
  SideBySide(const Settings& settings, const Run& run)
      : reports_(settings.targets.size()),
        reading_(settings.targets, settings.limits, run,
                 [this](std::size_t target, report::Report report) {
                   const std::lock_guard lock(mutex_);
                   reports_[target] = std::move(report);
                   changed_.notify_all();
                 }),
        thread_([this] { reading_.read(); }) {}
  ~SideBySide() { thread_.join(); }

  report::Report wait_for(std::size_t target) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return reports_[target].has_value(); });
    report::Report report = std::move(*reports_[target]);
    reports_[target].reset();
    return report;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<report::Report>> reports_;
  FleetReading reading_;
  std::thread thread_;
};

// Whoever sets up a service reads its journal once, and then never again.
void warn_of_journal(const Settings& settings, const Run& run) {
  const auto& alerts = settings.alerts;
  const bool terminal_alone =
      !alerts.empty() && std::all_of(alerts.begin(), alerts.end(),
                                     [](const std::string& url) { return url == "terminal"; });
  if (settings.dry_run || !terminal_alone || !is_journal(2)) return;
  run.log->warning(
      "alerts go to the journal alone, which tells nobody; give --alerts mailto:ADDRESS or another "
      "place that reaches a person");
}

// What changed in the files of applied revisions since the report before.
void compare_with_before(report::Report& report, const Target& target, const History& past,
                         const CodebaseShelf& shelf, const Stop& stop) {
  const auto codebase = shelf.find(target.codebase);
  if (!codebase || !past.newest || !report.applied) return;
  const auto before = report::read_stored_report(past.newest->json);
  const auto* stored = std::get_if<report::StoredReport>(&before);
  if (stored == nullptr) return;
  try {
    note_changes(report, *stored, *codebase, target.codebase, stop);
  } catch (const Error& error) {
    report.warnings.push_back(
        fmt::format("cannot tell whether applied revisions changed: {}", error.what()));
  }
}

// The heartbeat is the last thing of all: it says that the run came to its end. Its own time is
// short, because whoever waits for it waits for hours.
std::vector<std::string> tell_monitors(const Settings& settings,
                                       const std::vector<report::Measures>& measures) {
  constexpr std::chrono::seconds kHeartbeatTime{5};
  std::vector<std::string> undelivered;
  const auto guarded = [&](auto send) {
    try {
      send();
    } catch (const Error& error) {
      undelivered.emplace_back(error.what());
    }
  };
  if (!settings.metrics_file.empty()) {
    guarded([&] {
      reporters::replace_file(settings.metrics_file, report::prometheus_metrics(measures));
    });
  }
  if (!settings.heartbeat.empty()) {
    const Stop stop{kHeartbeatTime};
    guarded([&] { reporters::send_heartbeat(settings.heartbeat, stop); });
  }
  return undelivered;
}

}  // namespace

std::vector<std::string> run(const Settings& settings, const Run& run,
                             const std::function<void(const Outcome&)>& on_outcome) {
  if (!settings.heartbeat.empty()) reporters::heartbeat_host(settings.heartbeat);
  std::vector<report::Measures> measures;
  Delivery delivery(settings, run);
  run.log->info("run started", {{"targets", std::to_string(settings.targets.size())}});
  warn_of_journal(settings, run);
  HistoryReader history(settings, run, delivery);
  const auto finish = [&](report::Report report, const History& past) {
    Outcome outcome;
    outcome.report = std::move(report);
    if (!settings.dry_run) {
      compare_with_before(outcome.report, target, past, shelf, *run.stop);
      join_chain(outcome.report, past);
      decide(outcome.report, past, settings.alert_rules);
    }
    outcome.json = report::to_json(outcome.report);
    run.log->info("verdict",
                  {{"target", outcome.report.target},
                   {"status", std::string(verdict::status_name(outcome.report.status))}});
    if (!settings.dry_run) delivery.deliver(outcome, past);
    measures.push_back(report::measures_of(outcome.report));
    on_outcome(outcome);
  };
  if (settings.targets.size() == 1 && !settings.limits.target_time) {
    const Target& target = settings.targets.front();
    history.start(target);
    report::Report report = check_target(target, run);
    finish(std::move(report), history.wait());
  } else {
    SideBySide reading(settings, run);
    for (std::size_t i = 0; i < settings.targets.size(); ++i) {
      report::Report report = reading.wait_for(i);
      history.start(settings.targets[i]);
      finish(std::move(report), history.wait());
    }
  }
  std::vector<std::string> undelivered;
  if (!settings.dry_run) undelivered = tell_monitors(settings, measures);
  run.log->info("run finished");
  return undelivered;
}

int exit_code(const Outcome& outcome) {
  const int verdict = verdict::exit_code(outcome.report.status);
  return outcome.report.undelivered.empty() ? verdict : worse_exit_code(verdict, 3);
}

int worse_exit_code(int one, int other) {
  // Not knowing outweighs a lost message, which outweighs a drift that somebody was told of.
  static constexpr std::array kWorstFirst = {2, 3, 1, 0};
  const auto* found = std::find_if(kWorstFirst.begin(), kWorstFirst.end(),
                                   [&](int code) { return code == one || code == other; });
  return found == kWorstFirst.end() ? one : *found;
}

}  // namespace drift::check
