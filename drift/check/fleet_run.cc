#include "drift/check/fleet_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "drift/base/url.h"
#include "drift/check/applied_record.h"
#include "drift/check/fleet.h"
#include "drift/check/progress.h"
#include "drift/check/side_by_side.h"
#include "drift/report/metrics.h"
#include "drift/report/stored_report.h"
#include "drift/report/tenants.h"

namespace drift::check {
namespace {

// Revisions that are pending in all reports that wait to be told of, and what they do. A fleet
// whose every database lacks its version table would not fit into memory.
constexpr std::size_t kMostPendingHeld = 20'000;

std::size_t held_by(const report::Report& report) {
  std::size_t held = report.pending.size();
  if (!report.impact) return held;
  for (const auto& one : report.impact->revisions) held += one.operations.size();
  return held;
}

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
        const std::uint64_t received = *run_.received;
        progress.show(fmt::format(
            "{} of {} targets are checked{}; waiting for {}", stored_, outcomes_.size(),
            received == 0 ? "" : fmt::format(", {} of repositories came", shown_bytes(received)),
            settings_.targets[target].name));
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

}  // namespace

report::Place place_of(const Target& target) {
  return {target.name, redacted_url(target.codebase.repository),
          target.codebase.ref.empty() ? "HEAD" : target.codebase.ref};
}

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

Kept check_and_keep(const Settings& settings, const Run& run, Delivery& delivery, RunEnd& end,
                    const std::function<void(const Outcome&)>& on_outcome) {
  Kept kept;
  std::size_t pending_held = 0;
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
        if (!kept.unread) kept.unread = std::current_exception();
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
      const std::size_t held = held_by(one.outcome.report);
      one.whole = pending_held + held <= kMostPendingHeld;
      if (one.whole) {
        pending_held += held;
      } else {
        one.outcome.report.pending = {};
        one.outcome.report.impact.reset();
      }
      kept.news.push_back(std::move(one));
      kept.target_of_news.push_back(i);
    }
  }
  return kept;
}

}  // namespace drift::check
