#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drift/base/output.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/check/applied_record.h"
#include "drift/check/check.h"
#include "drift/check/delivery.h"
#include "drift/check/expansion.h"
#include "drift/check/fleet.h"
#include "drift/check/history.h"
#include "drift/check/progress.h"
#include "drift/check/side.h"
#include "drift/check/side_by_side.h"
#include "drift/report/metrics.h"
#include "drift/report/stored_report.h"
#include "drift/report/tenants.h"
#include "reporters/durable_file.h"
#include "reporters/report_archive.h"
#include "reporters/spool.h"
#include "reporters/web_call.h"

namespace drift::check {
namespace {

// Revisions that are pending in all reports that wait to be told of. A fleet whose every database
// lacks its version table would not fit into memory.
constexpr std::size_t kMostPendingHeld = 20'000;

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

// What changed in the files of applied revisions since the report before.
void compare_with_before(report::Report& report, const Target& target, const History& past,
                         const Codebase* codebase, const Stop& stop) {
  if (codebase == nullptr || !past.newest || !report.applied) return;
  const auto before = report::read_stored_report(past.newest->json);
  const auto* stored = std::get_if<report::StoredReport>(&before);
  if (stored == nullptr) return;
  try {
    const std::lock_guard lock(*codebase->comparing);
    note_changes(report, *stored, *codebase, target.codebase, stop);
  } catch (const Error& error) {
    report.warnings.push_back(
        fmt::format("cannot tell whether applied revisions changed: {}", error.what()));
  }
}

// What follows from a target and what was before it.
Outcome concluded(CheckedTarget checked, const Target& target, const History& past,
                  const Settings& settings, const Run& run) {
  Outcome outcome;
  outcome.report = std::move(checked.report);
  if (!settings.dry_run) {
    compare_with_before(outcome.report, target, past, checked.codebase.get(), *run.stop);
    if (!target.tenants.empty() && past.newest) {
      report::compare_tenants_with(outcome.report, past.newest->json);
    }
    join_chain(outcome.report, past);
    decide(outcome.report, past, settings.alert_rules);
  }
  outcome.json = report::to_json(outcome.report);
  run.log->info("verdict", {{"target", outcome.report.target},
                            {"status", std::string(verdict::status_name(outcome.report.status))}});
  return outcome;
}

// Targets on their way from being read to being stored, on two sets of threads: a store that is
// slow or hangs does not keep databases from being read.
class Fleet {
 public:
  Fleet(const Settings& settings, const Run& run, Delivery& delivery)
      : settings_(settings),
        run_(run),
        delivery_(delivery),
        outcomes_(settings.targets.size()),
        reading_(settings.targets, settings.limits, run,
                 [this](std::size_t target, CheckedTarget checked) {
                   const std::lock_guard lock(mutex_);
                   read_.emplace_back(target, std::move(checked));
                   changed_.notify_all();
                 }),
        left_(settings.targets.size()) {
    delivery_.begin();
    threads_.emplace_back([this] {
      side_by_side(2, [this](std::size_t part) {
        if (part == 0) return reading_.read();
        side_by_side(std::min(kStoringAtOnce, settings_.targets.size()),
                     [this](std::size_t) { store(); });
      });
    });
  }
  ~Fleet() {
    for (std::thread& thread : threads_) thread.join();
  }

  // Call once for each.
  Outcome wait_for(std::size_t target, Progress& progress) {
    constexpr std::chrono::milliseconds kLook{200};
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLook, [&] { return outcomes_[target].has_value(); })) {
      if (progress.due()) {
        progress.show(fmt::format("{} of {} targets are checked; waiting for {}", stored_,
                                  outcomes_.size(), settings_.targets[target].name));
      }
    }
    Outcome outcome = std::move(*outcomes_[target]);
    outcomes_[target].reset();
    return outcome;
  }

 private:
  void store() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return left_ == 0 || !read_.empty(); });
      if (read_.empty()) return;
      auto [target, checked] = std::move(read_.front());
      read_.pop_front();
      if (--left_ == 0) changed_.notify_all();
      lock.unlock();
      History past;
      if (!settings_.dry_run) past = delivery_.past(place_of(settings_.targets[target]));
      Outcome outcome =
          concluded(std::move(checked), settings_.targets[target], past, settings_, run_);
      if (!settings_.dry_run) delivery_.keep(outcome, past);
      lock.lock();
      outcomes_[target] = std::move(outcome);
      ++stored_;
      changed_.notify_all();
    }
  }

  const Settings& settings_;
  const Run& run_;
  Delivery& delivery_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::size_t, CheckedTarget>> read_;
  std::vector<std::optional<Outcome>> outcomes_;
  FleetReading reading_;
  std::size_t left_;  // that no thread has taken to be stored
  std::size_t stored_ = 0;
  std::vector<std::thread> threads_;
};

// What is known of a run once all of its targets were stored.
report::FleetAlert facts_of(const Settings& settings, const Run& run, const RunEnd& end) {
  report::FleetAlert facts;
  facts.run_id = run.id;
  facts.timestamp = run.clock.now();
  facts.statuses = end.statuses;
  facts.targets = settings.targets.size();
  facts.reports =
      settings.reports.empty() ? "none were kept (no --reports)" : redacted_url(settings.reports);
  return facts;
}

// Checks several targets, and tells of all of them at the end.
void run_fleet(const Settings& settings, const Run& run, Delivery& delivery, RunEnd& end,
               const std::function<void(const Outcome&)>& on_outcome) {
  std::vector<Delivery::News> news;
  std::vector<std::size_t> target_of_news;
  std::size_t pending_held = 0;
  std::exception_ptr unread;
  Progress progress;
  {
    Fleet fleet(settings, run, delivery);
    for (std::size_t i = 0; i < settings.targets.size(); ++i) {
      Outcome outcome = fleet.wait_for(i, progress);
      progress.clear();
      ++end.statuses[outcome.report.status];
      end.measures.push_back(report::measures_of(outcome.report));
      // Whoever is to be told is told, though nobody reads what is printed.
      try {
        on_outcome(outcome);
      } catch (...) {
        if (!unread) unread = std::current_exception();
      }
      const auto& decision = outcome.report.alert;
      const auto is_sent = [](const auto& one) { return one.send; };
      if (!decision ||
          std::none_of(decision->destinations.begin(), decision->destinations.end(), is_sent)) {
        continue;
      }
      Delivery::News one;
      one.news = report::news_of(outcome.report, decision->destinations.front());
      one.place = place_of(settings.targets[i]);
      one.outcome = std::move(outcome);
      one.outcome.json.clear();
      pending_held += one.outcome.report.pending.size();
      one.whole = pending_held <= kMostPendingHeld;
      if (!one.whole) {
        pending_held -= one.outcome.report.pending.size();
        one.outcome.report.pending = {};
      }
      news.push_back(std::move(one));
      target_of_news.push_back(i);
    }
  }
  if (settings.dry_run) {
    if (unread) std::rethrow_exception(unread);
    return;
  }
  end.undelivered = delivery.upload_spooled();
  const auto untold = delivery.tell(news, facts_of(settings, run, end));
  end.undelivered.insert(end.undelivered.end(), untold.begin(), untold.end());
  for (std::size_t i = 0; i < news.size(); ++i) {
    end.measures[target_of_news[i]].undelivered += news[i].undelivered;
  }
  if (unread) std::rethrow_exception(unread);
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
    CheckedTarget checked = check_target(target, run);
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
