// One run: read both sides of every target, compare, report, alert, in that order.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/production/version_table.h"
#include "drift/report/report.h"
#include "drift/sql/database.h"
#include "migrations/alembic/problem.h"
#include "reporters/alert_sink.h"
#include "reporters/store.h"

namespace drift::check {

struct Target {
  std::string name;  // [A-Za-z0-9._-]+, not beginning with a dot: it becomes a file name
  CodebaseSettings codebase;
  production::VersionTableName version_table;
  sql::DatabaseSettings database;
  Role role;  // for the database's side
};

struct Settings {
  std::vector<Target> targets;
  std::string reports;  // "" keeps none
  reporters::ReportOptions report_options;
  std::vector<std::string> alerts;
  std::vector<std::string> alert_fallback;  // for what one of `alerts` did not accept
  reporters::AlertOptions alert_options;
  // Keeps reports that could not be stored, until the next run.
  std::string spool_folder;
  // For storing and alerting once reading has ended, however it ended.
  std::chrono::milliseconds delivery_time{20'000};
  report::AlertRules alert_rules;
  bool dry_run = false;      // store and send nothing
  std::string metrics_file;  // Prometheus' text of this run; "" writes none
  std::string heartbeat;     // URL that is asked for once the run is over; "" is none
};

// What everything in one run shares; shared_ptr because of threads left behind (see Side).
struct Run {
  std::string id;
  const Clock& clock;
  std::shared_ptr<const Stop> stop;  // for reading; delivery has a time of its own
  std::shared_ptr<const Log> log;
  std::shared_ptr<AwsAccess> aws;
};

struct Outcome {
  report::Report report;  // `undelivered` says what did not get through
  std::string json;
  std::string stored_at;  // "" where none was asked for, or it could not be stored
};

// Codebases that this run has read already: targets that share a repository and a ref are judged
// by the same commit, and a fleet is not read once for each database.
class CodebaseShelf {
 public:
  std::shared_ptr<const Codebase> find(const CodebaseSettings& settings) const;
  void add(const CodebaseSettings& settings, std::shared_ptr<const Codebase> codebase);

 private:
  std::vector<std::pair<CodebaseSettings, std::shared_ptr<const Codebase>>> codebases_;
};

// Compares one target; a side that cannot be read makes a report of status error, never a throw.
// Both sides are read at once.
report::Report check_target(const Target& target, const Run& run, CodebaseShelf& shelf);

// What `pending` and `check` have in common: the verdict on `table` as a report without a run.
report::Report compare_codebase(const Target& target,
                                const std::shared_ptr<const Codebase>& codebase,
                                const production::VersionTable& table, const Stop& stop);

// From what went wrong to the report's `failure`.
// `side` ("repository", "production", "run") is the stage where the fault alone does not tell.
report::Failure failure_of(const Error& error, std::string_view side);

// The first problem, with the number of the others in its message.
// Requires: not empty.
report::Failure failure_of(const std::vector<migrations::Problem>& problems);

// Checks every target in order, and hands each outcome over as soon as it is delivered.
// Bad sinks are found before anything is read: throws Error{kUsage}.
// Returns what of the run as a whole did not get through (metrics, heartbeat), a sentence each.
std::vector<std::string> run(const Settings& settings, const Run& run,
                             const std::function<void(const Outcome&)>& on_outcome);

// Of one outcome: 2 could not tell, 3 undelivered, 1 drift, 0 synced. Of a run: the first of
// 2, 3, 1, 0 that any target has.
int exit_code(const Outcome& outcome);
int worse_exit_code(int one, int other);

}  // namespace drift::check
