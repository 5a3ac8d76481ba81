// Many targets, read side by side.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drift/check/check.h"
#include "drift/check/codebase_shelf.h"

namespace drift::check {

// Reads targets on a bounded number of threads and compares each as soon as both of its sides are
// there. Nobody waits for another: a target whose repository is still being read gives its place
// up, and one whose server has enough connections lets those of other servers go first. A side that
// hangs costs its target, and for its time one place.
//
// Each production is read on a thread that may be left behind (see Side); there are never more of
// those than `jobs` for each time that a target may take.
class FleetReading {
 public:
  // Gets each target, in no order, on one of the threads. Must not throw.
  using Take = std::function<void(std::size_t target, CheckedTarget checked)>;

  // All must outlive it. Requires at least one target, and limits of at least 1.
  FleetReading(const std::vector<Target>& targets, const FleetLimits& limits, const Run& run,
               Take take);

  // Returns when every target was taken: those that the end of the run's time or a signal comes
  // before as errors that say so.
  void read();

 private:
  // Of one server.
  struct Host {
    std::deque<std::size_t> waiting;   // in the order of the targets
    std::deque<std::size_t> compared;  // that have something pending, whose tables are to be read
    std::size_t busy = 0;
  };

  void work();
  void work_on_codebases();
  // The next target whose server has room.
  std::optional<std::size_t> begin_next();
  // The same of those that were compared, who come first: their reports are held until then.
  std::optional<std::size_t> begin_tables();
  void read_production(std::size_t target);
  // Whether that was all: false where its tables are still to be read.
  bool compare(std::size_t target);
  void read_tables(std::size_t target);
  void give_up_waiting(std::unique_lock<std::mutex>& lock);
  std::shared_ptr<const Stop> bound(std::chrono::milliseconds time) const;
  std::chrono::milliseconds codebase_time() const;

  const std::vector<Target>& targets_;
  const FleetLimits& limits_;
  const Run& run_;
  const Take take_;

  std::mutex mutex_;
  std::condition_variable changed_;
  CodebaseShelf shelf_;
  std::vector<std::unique_ptr<TargetReading>> readings_;
  std::map<std::size_t, CodebaseRead> compared_with_;  // of those whose tables are to be read
  std::map<std::string, Host> hosts_;
  std::vector<Host*> host_of_;
  std::deque<std::size_t> wanted_codebases_;
  std::vector<bool> codebase_wanted_;
  std::vector<std::deque<std::size_t>> waiting_for_codebase_;
  std::deque<std::size_t> comparable_;
  std::vector<std::size_t> impossible_;
  std::size_t left_;
};

}  // namespace drift::check
