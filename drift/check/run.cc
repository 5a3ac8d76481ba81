#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/output.h"
#include "drift/base/text.h"
#include "drift/check/check.h"
#include "drift/check/delivery.h"
#include "drift/check/expansion.h"
#include "drift/check/fleet_run.h"
#include "drift/check/history.h"
#include "drift/check/progress.h"
#include "drift/check/side.h"
#include "drift/report/metrics.h"
#include "migrations/git/repository_location.h"
#include "reporters/durable_file.h"
#include "reporters/report_archive.h"
#include "reporters/spool.h"
#include "reporters/web_call.h"

namespace drift::check {
namespace {

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
    // A part of the run's: a signal ends this, too. Half of the time that there is: the run goes on
    // without it, and must still have time to tell.
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

std::string what_is_awaited(const Target& target, std::uint64_t received) {
  const std::string both = fmt::format(
      "reading {} and {}", migrations::shown_repository(target.codebase.repository), target.name);
  return received == 0 ? both : fmt::format("{} came, {}", shown_bytes(received), both);
}

// Checks several targets, and tells of all of them at the end.
void run_fleet(const Settings& settings, const Run& run, Delivery& delivery, RunEnd& end,
               const std::function<void(const Outcome&)>& on_outcome) {
  Kept kept = check_and_keep(settings, run, delivery, end, on_outcome);
  if (!settings.dry_run) {
    end.undelivered = delivery.upload_spooled();
    const auto untold = delivery.tell(kept.news, facts_of(settings, run, end));
    end.alerted = delivery.alerted();
    end.undelivered.insert(end.undelivered.end(), untold.begin(), untold.end());
    for (std::size_t i = 0; i < kept.news.size(); ++i) {
      end.measures[kept.target_of_news[i]].undelivered += kept.news[i].undelivered;
    }
  }
  if (kept.unread) std::rethrow_exception(kept.unread);
}

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

RunEnd run(const Settings& asked, const Run& run,
           const std::function<void(const Outcome&)>& on_outcome) {
  if (!asked.heartbeat.empty()) reporters::heartbeat_host(asked.heartbeat);
  Settings settings = asked;
  const bool alone = asked.targets.size() == 1 && !asked.limits.target_time &&
                     asked.targets.front().databases_from.empty();
  if (!alone) settings.targets = expanded(asked.targets, run, asked.limits);
  const std::size_t all = settings.targets.size();
  std::erase_if(settings.targets,
                [&](const Target& target) { return !settings.shard.has(target.name); });
  RunEnd end;
  Delivery delivery(settings, run);
  run.log->info("run started", {{"targets", std::to_string(settings.targets.size())}});
  warn_of_journal(settings, run);
  if (settings.targets.empty()) {
    run.log->warning(fmt::format("nothing to check: part {}/{} has none of the {}",
                                 settings.shard.number, settings.shard.of, counted(all, "target")));
  } else if (alone) {
    HistoryReader history(settings, run, delivery);
    const Target& target = settings.targets.front();
    history.start(target);
    CheckedTarget checked;
    {
      const ProgressWhile watched([&] { return what_is_awaited(target, *run.received); });
      checked = check_target(target, run);
    }
    const History past = history.wait();
    Outcome outcome = concluded(std::move(checked), target, past, settings, run);
    if (!settings.dry_run) delivery.deliver(outcome, past);
    ++end.statuses[outcome.report.status];
    end.measures.push_back(report::measures_of(outcome.report));
    on_outcome(outcome);
  } else {
    run_fleet(settings, run, delivery, end, on_outcome);
  }
  if (!settings.dry_run) {
    const auto untold = tell_monitors(settings, end.measures);
    end.undelivered.insert(end.undelivered.end(), untold.begin(), untold.end());
  }
  run.log->info("run finished");
  return end;
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
