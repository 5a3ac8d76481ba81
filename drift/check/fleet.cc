#include "drift/check/fleet.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/check/pending_operations.h"
#include "drift/sql/database.h"

namespace drift::check {
namespace {

using std::chrono::milliseconds;

// A condition variable cannot wait for a signal's flag or the run's deadline.
constexpr milliseconds kTick{50};

// Clones want bandwidth and a processor; more at once would only make each slower.
constexpr std::size_t kCodebasesAtOnce = 8;

Error not_begun(const Stop& stop) {
  if (stop.requested()) {
    return {Fault::kInterrupted, "interrupted before this target was begun",
            "nothing was changed; run it again"};
  }
  return {Fault::kTimedOut, "the time of the run was over before this target was begun",
          "raise --timeout or --jobs, or share the targets out among several runs with --shard"};
}

}  // namespace

FleetReading::FleetReading(const std::vector<Target>& targets, const FleetLimits& limits,
                           const Run& run, Take take)
    : targets_(targets),
      limits_(limits),
      run_(run),
      take_(std::move(take)),
      shelf_(targets),
      readings_(targets.size()),
      codebase_wanted_(shelf_.size()),
      waiting_for_codebase_(shelf_.size()),
      left_(targets.size()) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].impossible) {
      impossible_.push_back(i);
      host_of_.push_back(nullptr);
      continue;
    }
    Host& host = hosts_[sql::server_of(targets[i].database)];
    host.waiting.push_back(i);
    host_of_.push_back(&host);
  }
}

void FleetReading::read() {
  for (const std::size_t target : impossible_) {
    const Target& one = targets_[target];
    take_(target, {report_of_none(one, run_, *one.impossible, one.impossible_stage), nullptr});
    --left_;
  }
  std::vector<std::thread> threads;
  // Signals go to the thread that waits for these (see Side).
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (std::size_t i = 0; i < std::min(limits_.jobs, targets_.size()); ++i) {
    threads.emplace_back([this] { work(); });
  }
  for (std::size_t i = 0; i < std::min({kCodebasesAtOnce, shelf_.size(), limits_.jobs}); ++i) {
    threads.emplace_back([this] { work_on_codebases(); });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  for (std::thread& thread : threads) thread.join();
}

void FleetReading::work() {
  std::unique_lock lock(mutex_);
  while (left_ > 0) {
    if (!comparable_.empty()) {
      const std::size_t target = comparable_.front();
      comparable_.pop_front();
      lock.unlock();
      const bool done = compare(target);
      lock.lock();
      if (done && --left_ == 0) changed_.notify_all();
    } else if (const auto compared = begin_tables()) {
      lock.unlock();
      read_tables(*compared);
      lock.lock();
      --host_of_[*compared]->busy;
      --left_;
      changed_.notify_all();
    } else if (run_.stop->due()) {
      give_up_waiting(lock);
      changed_.wait_for(lock, kTick);
    } else if (const auto target = begin_next()) {
      lock.unlock();
      read_production(*target);
      lock.lock();
      --host_of_[*target]->busy;
      const std::size_t entry = shelf_.entry_of(*target);
      (shelf_.is_read(entry) ? comparable_ : waiting_for_codebase_[entry]).push_back(*target);
      changed_.notify_all();
    } else {
      changed_.wait_for(lock, kTick);
    }
  }
}

std::optional<std::size_t> FleetReading::begin_next() {
  Host* next = nullptr;
  for (auto& [name, host] : hosts_) {
    if (host.waiting.empty() || host.busy >= limits_.per_host) continue;
    if (next == nullptr || host.waiting.front() < next->waiting.front()) next = &host;
  }
  if (next == nullptr) return std::nullopt;
  const std::size_t target = next->waiting.front();
  next->waiting.pop_front();
  ++next->busy;
  const std::size_t entry = shelf_.entry_of(target);
  if (!codebase_wanted_[entry]) {
    codebase_wanted_[entry] = true;
    wanted_codebases_.push_back(entry);
    changed_.notify_all();
  }
  return target;
}

void FleetReading::read_production(std::size_t target) {
  const milliseconds time = limits_.target_time.value_or(kTargetTime);
  auto reading = std::make_unique<TargetReading>(targets_[target], run_, bound(time));
  reading->wait();
  const std::lock_guard lock(mutex_);
  readings_[target] = std::move(reading);
}

bool FleetReading::compare(std::size_t target) {
  CodebaseRead repository;
  std::unique_ptr<TargetReading> reading;
  {
    const std::lock_guard lock(mutex_);
    repository = shelf_.take(shelf_.entry_of(target));
    reading = std::move(readings_[target]);
  }
  reading->compare(repository);
  if (!reading->wants_operations()) {
    take_(target, {reading->finish(), repository.codebase});
    return true;
  }
  const std::lock_guard lock(mutex_);
  readings_[target] = std::move(reading);
  compared_with_.emplace(target, std::move(repository));
  host_of_[target]->compared.push_back(target);
  changed_.notify_all();
  return false;
}

// Where the run's time is over that is soon said.
std::optional<std::size_t> FleetReading::begin_tables() {
  for (auto& [name, host] : hosts_) {
    if (host.compared.empty() || host.busy >= limits_.per_host) continue;
    const std::size_t target = host.compared.front();
    host.compared.pop_front();
    ++host.busy;
    return target;
  }
  return std::nullopt;
}

void FleetReading::read_tables(std::size_t target) {
  CodebaseRead repository;
  std::unique_ptr<TargetReading> reading;
  {
    const std::lock_guard lock(mutex_);
    repository = std::move(compared_with_.extract(target).mapped());
    reading = std::move(readings_[target]);
  }
  reading->add_operations(repository, kMostOperationsOfSeveral);
  take_(target, {reading->finish(), repository.codebase});
}

void FleetReading::give_up_waiting(std::unique_lock<std::mutex>& lock) {
  for (auto& [name, host] : hosts_) {
    while (!host.waiting.empty()) {
      const std::size_t target = host.waiting.front();
      host.waiting.pop_front();
      lock.unlock();
      take_(target,
            {report_of_none(targets_[target], run_, not_begun(*run_.stop), "run"), nullptr});
      lock.lock();
      --left_;
    }
  }
  if (left_ == 0) changed_.notify_all();
}

void FleetReading::work_on_codebases() {
  std::unique_lock lock(mutex_);
  while (left_ > 0) {
    if (wanted_codebases_.empty()) {
      changed_.wait_for(lock, kTick);
      continue;
    }
    const std::size_t entry = wanted_codebases_.front();
    wanted_codebases_.pop_front();
    lock.unlock();
    CodebaseRead read = read_shared_codebase(shelf_.settings(entry), run_, bound(codebase_time()));
    lock.lock();
    shelf_.put(entry, std::move(read));
    auto& waiting = waiting_for_codebase_[entry];
    comparable_.insert(comparable_.end(), waiting.begin(), waiting.end());
    waiting.clear();
    changed_.notify_all();
  }
}

// A repository that hangs must not hold up those that wait for its place; where none waits, it may
// take all of the run.
milliseconds FleetReading::codebase_time() const {
  const milliseconds left = run_.stop->remaining();
  return shelf_.size() > kCodebasesAtOnce ? left / 2 : left;
}

std::shared_ptr<const Stop> FleetReading::bound(milliseconds time) const {
  return std::make_shared<const Stop>(time, *run_.stop);
}

}  // namespace drift::check
