// One run: read both sides of every target, compare, report, alert, in that order.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/check/codebase_shelf.h"
#include "drift/check/schema_rules.h"
#include "drift/check/shard.h"
#include "drift/production/tenants.h"
#include "drift/production/version_table.h"
#include "drift/report/metrics.h"
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
  std::vector<std::string> tenants;  // schemas and patterns; empty where there is one version table
  sql::DatabaseSettings database;
  Role role;  // for the database's side
  // Where schemas as they should be are kept; "" compares none.
  std::string schema_expected;
  SchemaRules schema_rules;  // what its owner says of differences
  // A query for the databases of the server that this target stands for; "" where it is itself.
  std::string databases_from;
  std::string expanded_from;  // the target that stood for this one; "" where none did
  // Why it cannot be checked, known before it begins.
  std::optional<Error> impossible;
  std::string impossible_stage = "production";  // as for failure_of
};

// Long enough for a server that is slow and for a lock that a migration holds; a database that says
// nothing for so long says nothing.
inline constexpr std::chrono::milliseconds kTargetTime{60'000};

// How many targets are read at once, and for how long.
struct FleetLimits {
  std::size_t jobs = 20;
  // Connections to one server, calls to one function.
  std::size_t per_host = 20;
  // Of one target among several, from when it begins; the run ends it, too. Nothing for one target
  // that is alone: it has the whole run.
  std::optional<std::chrono::milliseconds> target_time;
};

struct Settings {
  std::vector<Target> targets;
  FleetLimits limits;
  Shard shard;          // which of them this run is about
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
  // Bytes that came of repositories so far.
  std::shared_ptr<std::atomic<std::uint64_t>> received =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

struct Outcome {
  report::Report report;  // `undelivered` says what did not get through
  std::string json;
  std::string stored_at;  // "" where none was asked for, or it could not be stored
  // Who accepted the alert on this target alone, a name each.
  std::vector<std::string> alerted;
  // The same for the alert, with why it is not stored.
  std::string location = "none was kept (no --reports)";
};

// The version table of a target, or those of its tenants.
using Production = std::variant<production::VersionTable, production::Tenants>;

class ProductionSide;
struct SchemaAnswer;

// The two sides of one target. Production is read on a thread of its own from the beginning; the
// repository, which others may wait for too, is brought when both are to be compared.
class TargetReading {
 public:
  // `stop` is what bounds this target. `target` and `run` must outlive it.
  TargetReading(const Target& target, const Run& run, std::shared_ptr<const Stop> stop);

  ~TargetReading();

  // Until production was read, or could not be. `keep`: the connection stays open for
  // add_operations.
  void wait(bool keep = false);

  // Compares; a side that could not be read makes a report of status error, never a throw. Call
  // once, after wait(). Several may do so at once.
  void compare(const CodebaseRead& repository);

  // Whether something is pending, so that there are operations to read.
  bool wants_operations() const;
  // Reads what the pending revisions do, and how large the tables are: asks production again, over
  // a connection of its own unless the first was kept. Keeps at most `most`. Never throws.
  void add_operations(const CodebaseRead& repository, std::size_t most);

  // Call once, last.
  report::Report finish();

 private:
  void judge(SchemaAnswer& answer, const Codebase* codebase) const;

  const Target& target_;
  const Run& run_;
  std::shared_ptr<const Stop> stop_;
  std::chrono::steady_clock::time_point begin_, comparison_begin_;
  std::chrono::milliseconds repository_duration_{0};
  TimePoint timestamp_;
  report::Report report_;
  std::unique_ptr<ProductionSide> side_;  // null where there was no thread to be had
  std::optional<Production> read_;
  std::unique_ptr<SchemaAnswer> schema_;
  std::exception_ptr failure_;
};

// A target's report, and the repository that it was compared with; null where it could not be read.
struct CheckedTarget {
  report::Report report;
  std::shared_ptr<const Codebase> codebase;
};

// Compares one target that no other shares anything with.
CheckedTarget check_target(const Target& target, const Run& run);

// Of a target that was never begun, for that reason. `side` as for failure_of.
report::Report report_of_none(const Target& target, const Run& run, const Error& error,
                              std::string_view side);

// What `pending` and `check` have in common: the verdict on `table` as a report without a run.
report::Report compare_codebase(const Target& target,
                                const std::shared_ptr<const Codebase>& codebase,
                                const production::VersionTable& table, const Stop& stop);
report::Report compare_codebase(const Target& target,
                                const std::shared_ptr<const Codebase>& codebase,
                                const production::Tenants& tenants, const Stop& stop);

// From what went wrong to the report's `failure`.
// `side` ("repository", "production", "run") is the stage where the fault alone does not tell.
report::Failure failure_of(const Error& error, std::string_view side);

// The first problem, with the number of the others in its message.
// Requires: not empty.
report::Failure failure_of(const std::vector<migrations::Problem>& problems);

// What a run came to when all of it was over.
struct RunEnd {
  // What of the run as a whole did not get through (alerts on several targets, metrics, heartbeat),
  // a sentence each.
  std::vector<std::string> undelivered;
  // Who accepted an alert on several targets.
  std::vector<std::string> alerted;
  std::vector<report::Measures> measures;           // of each target, in their order
  std::map<verdict::Status, std::size_t> statuses;  // how many targets have which
};

// Checks every target, several at once, and hands each outcome over in the order of the targets:
// that of a target that is alone once it was delivered, that of several once it was stored, for
// they are told in one message at the end.
// Bad sinks are found before anything is read: throws Error{kUsage}.
RunEnd run(const Settings& settings, const Run& run,
           const std::function<void(const Outcome&)>& on_outcome);

// Of one outcome: 2 could not tell, 3 undelivered, 1 drift, 0 synced. Of a run: the first of
// 2, 3, 1, 0 that any target has.
int exit_code(const Outcome& outcome);
int worse_exit_code(int one, int other);

}  // namespace drift::check
