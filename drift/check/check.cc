#include "drift/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "drift/base/secrets.h"
#include "drift/base/text.h"
#include "drift/check/applied_record.h"
#include "drift/check/elsewhere.h"
#include "drift/check/inserted.h"
#include "drift/check/pending_operations.h"
#include "drift/check/production_side.h"
#include "drift/check/schema_reading.h"
#include "drift/sql/database_location.h"
#include "drift/verdict/tenants.h"
#include "drift/verdict/verdict.h"
#include "migrations/git/repository_location.h"
#include "migrations/introductions.h"

namespace drift::check {
namespace {

using report::Report;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

std::int64_t since(SteadyClock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - begin).count();
}

// A side's error becomes the report's failure; where both fail the first stands in `failure` and
// the second in the warnings, so that nobody mends one only to find the other.
void add_failure(Report& report, report::Failure failure) {
  if (!report.failure) {
    report.failure = std::move(failure);
    return;
  }
  report.warnings.push_back(fmt::format("{}: {}", failure.stage, failure.message));
}

// Runs `body`; whatever it throws becomes a failure of `side`.
template <typename Body>
void guarded(Report& report, std::string_view side, Body body) {
  try {
    body();
  } catch (const Error& error) {
    add_failure(report, failure_of(error, side));
  } catch (const std::exception& error) {
    add_failure(report, failure_of(Error{Fault::kInternal, error.what(),
                                         "this is a defect of schema-drift: please report it"},
                                   side));
  }
}

void describe_codebase(Report& report, const Codebase& codebase) {
  report.repository.url = codebase.repository.url();
  report.repository.commit = codebase.commit.id;
  report.repository.committed_at = codebase.commit.committed_at;
  report.repository.script_location = codebase.script_location;
  report.repository.fetch = codebase.repository.fetch_record();
  report.warnings.insert(report.warnings.end(), codebase.warnings.begin(), codebase.warnings.end());
  for (std::size_t i = 1; i < codebase.problems.size(); ++i) {
    report.warnings.push_back(codebase.problems[i].message);
  }
  if (!codebase.problems.empty()) {
    add_failure(report, failure_of(codebase.problems));
    return;
  }
  std::vector<std::string> heads;
  for (const auto index : codebase.graph.effective_heads()) {
    heads.push_back(codebase.graph.at(index).id);
  }
  report.codebase_heads = std::move(heads);
}

void describe_production(Report& report, const production::VersionTable& table) {
  if (!table.database.empty()) report.production.database = table.database;
  report.production.version_table = table.qualified_name;
  report.warnings.insert(report.warnings.end(), table.warnings.begin(), table.warnings.end());
  std::vector<std::string> versions = table.rows;
  versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
  report.production_versions = std::move(versions);
}

// Who brought each pending revision and when, and when it came to this ref. History that cannot
// tell costs the names, never the verdict.
void add_introductions(Report& report, const Codebase& codebase, const Stop& stop) {
  if (report.pending.empty()) return;
  std::vector<const migrations::Revision*> revisions;
  std::vector<std::string> paths;
  for (const auto& pending : report.pending) {
    revisions.push_back(&codebase.graph.at(codebase.graph.find(pending.revision).value()));
    paths.push_back(pending.path);
  }
  try {
    const auto [commits, asked_for_all] =
        migrations::find_introductions(codebase.repository, codebase.commit, revisions, stop);
    if (!asked_for_all) {
      report.warnings.push_back(
          "when the pending revisions were committed was not asked for: their history is larger "
          "than --max-history-bytes");
    }
    for (std::size_t i = 0; i < commits.size(); ++i) {
      if (!commits[i]) continue;
      report.pending[i].author = commits[i]->author;
      report.pending[i].committed_at = commits[i]->committed_at;
      report.pending[i].commit = commits[i]->id;
    }
    const auto arrivals = codebase.repository.arrivals(codebase.commit.id, paths, stop);
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      if (!arrivals[i]) continue;
      report.pending[i].arrived_with = arrivals[i]->commit.id;
      report.pending[i].arrived_at = arrivals[i]->commit.committed_at;
    }
  } catch (const Error& error) {
    report.warnings.push_back(
        fmt::format("cannot tell when the pending revisions were committed: {}", error.what()));
  }
}

// What the verdict on one version table and that on those of tenants have in common.
template <typename AnyVerdict>
void take_over(AnyVerdict& verdict, const Codebase& codebase, Report& report) {
  report.status = verdict.status;
  report.reason = std::move(verdict.reason);
  report.production_versions = std::move(verdict.production_versions);
  report.findings = std::move(verdict.findings);
  report.warnings.insert(report.warnings.end(), verdict.warnings.begin(), verdict.warnings.end());
  for (const auto index : verdict.pending) {
    const migrations::Revision& revision = codebase.graph.at(index);
    report.pending.push_back({revision.id, revision.message, revision.path, {}, {}});
  }
}

void add_verdict(Report& report, const Target& target,
                 const std::shared_ptr<const Codebase>& shared,
                 const production::VersionTable& table, const Stop& stop) {
  const Codebase& codebase = *shared;
  auto elsewhere = look_elsewhere(shared, target.codebase, table, stop);
  verdict::Verdict verdict =
      verdict::compare(codebase.graph, table, elsewhere ? &*elsewhere : nullptr);
  if (elsewhere) {
    report.warnings.insert(report.warnings.end(), elsewhere->search.warnings.begin(),
                           elsewhere->search.warnings.end());
    report.unknown_rows = std::move(elsewhere->search.revisions);
    report.history_is_shallow = elsewhere->search.shallow;
  }
  report.common_base = std::move(verdict.common_base);
  report.codebase_heads = std::move(verdict.codebase_heads);
  take_over(verdict, codebase, report);
}

// Which revisions of the ref production has; nothing where that is not told, or where rows are of
// other places, whose ancestors may be others tomorrow.
std::optional<std::vector<bool>> applied_in(const Report& report, const Codebase& codebase) {
  using verdict::Status;
  if (report.status != Status::kSynced && report.status != Status::kBehind &&
      report.status != Status::kInconsistent) {
    return std::nullopt;
  }
  // Each tenant has rows of its own.
  if (report.common_base || report.tenants) return std::nullopt;
  std::vector<bool> applied(codebase.graph.revisions().size(), true);
  for (const auto& one : report.pending) applied[codebase.graph.find(one.revision).value()] = false;
  return applied;
}

// What history says of the files of applied revisions. It costs nothing but the warning.
void add_applied(Report& report, const Codebase& codebase, const Stop& stop) {
  const auto applied = applied_in(report, codebase);
  if (!applied) return;
  report.applied = record_of(codebase, *applied);
  try {
    for (std::string& warning : warnings_of_inserted(codebase, *applied, stop)) {
      report.warnings.push_back(std::move(warning));
    }
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    report.warnings.push_back(fmt::format(
        "cannot tell whether revisions were put below what is applied: {}", error.what()));
  }
}

// A verdict on version rows alone must not be taken for more, nor one on a part of the schema.
void add_schema_not_checked(const Report& report, std::vector<std::string>& all) {
  constexpr const char* kNone =
      "the tables, columns and indexes of the database: only the rows of its version table were "
      "compared";
  if (!report.schema || !report.schema->compared()) {
    all.emplace_back(kNone);
    return;
  }
  for (const auto& [kind, state] : report.schema->coverage) {
    if (state != schema::kCompared) all.push_back(fmt::format("{}: {}", kind, state));
  }
}

std::vector<std::string> not_checked(const Report& report) {
  std::vector<std::string> all;
  if (!report.codebase_heads) all.emplace_back("the revisions of the repository: not read");
  if (!report.production_versions) all.emplace_back("the rows of the version table: not read");
  if (report.status == verdict::Status::kError) {
    all.emplace_back("whether production has every migration of this ref: not compared");
    return all;
  }
  add_schema_not_checked(report, all);
  const auto undated = std::count_if(report.pending.begin(), report.pending.end(),
                                     [](const auto& one) { return !one.committed_at; });
  if (undated > 0) {
    all.push_back(
        fmt::format("when {} of the {} pending revisions {} committed: the history that "
                    "was read does not tell",
                    undated, report.pending.size(), undated == 1 ? "was" : "were"));
  }
  return all;
}

void describe_production(Report& report, const production::Tenants& all) {
  report.production.database = all.database;
  report.warnings.insert(report.warnings.end(), all.warnings.begin(), all.warnings.end());
  std::set<std::string> versions;
  for (const production::Tenant& tenant : all.tenants) {
    versions.insert(tenant.table.rows.begin(), tenant.table.rows.end());
  }
  report.production_versions.emplace(versions.begin(), versions.end());
}

// A database that has a tenant which could not be read is one that cannot be told of.
void add_failed_tenants(Report& report, const production::Tenants& all) {
  const Error* first = nullptr;
  std::size_t count = 0;
  for (const production::Tenant& tenant : all.tenants) {
    if (!tenant.failure) continue;
    if (first == nullptr) first = &*tenant.failure;
    ++count;
  }
  if (first == nullptr) return;
  report::Failure failure = failure_of(*first, "production");
  failure.message =
      fmt::format("{} of {} could not be read: {}{}", count, counted(all.tenants.size(), "tenant"),
                  first->what(), count == 1 ? "" : ", and others");
  add_failure(report, std::move(failure));
}

void add_verdict(Report& report, const Codebase& codebase, const production::Tenants& all) {
  verdict::TenantsVerdict verdict = verdict::compare(codebase.graph, all);
  take_over(verdict, codebase, report);
  report.tenants.emplace();
  for (verdict::TenantVerdict& one : verdict.tenants) {
    report.tenants->push_back({std::move(one.tenant), one.status, std::move(one.reason),
                               std::move(one.production_versions), one.pending,
                               std::move(one.failure_kind), std::move(one.failure)});
  }
  add_failed_tenants(report, all);
}

// What others said stands in sentences of the report: no secret that they repeat may. Ids, names
// and paths stay as they are, since they are evidence.
void hide_secrets(Report& report) {
  for (std::string& warning : report.warnings) warning = without_secrets(warning);
  for (verdict::Finding& finding : report.findings) {
    finding.message = without_secrets(finding.message);
    finding.action = without_secrets(finding.action);
  }
  if (!report.failure) return;
  report.failure->message = without_secrets(report.failure->message);
  report.failure->hint = without_secrets(report.failure->hint);
}

// Half a comparison is none: what it found is taken over once it is whole.
void add_comparison(Report& report, const Codebase& codebase, const Stop& stop,
                    const std::function<void(Report&)>& add) {
  if (report.failure) return;
  guarded(report, "comparison", [&] {
    Report compared = report;
    add(compared);
    add_introductions(compared, codebase, stop);
    add_applied(compared, codebase, stop);
    report = std::move(compared);
  });
  report.repository.fetch = codebase.repository.fetch_record();
  hide_secrets(report);
}

std::string shown_database(const Target& target) {
  const std::string where = sql::shown_location(target.database.location);
  const std::string& name = target.database.dbname;
  return name.empty() ? where : fmt::format("{} of {}", name, where);
}

Report blank_report(const Target& target) {
  Report report;
  report.target = target.name;
  report.repository.url = migrations::shown_repository(target.codebase.repository);
  report.repository.ref = target.codebase.ref;
  return report;
}

std::string_view stage_of(Fault fault, std::string_view side) {
  switch (fault) {
    case Fault::kUsage:
    case Fault::kConfiguration: return "configuration";
    case Fault::kAlembicIniNotFound:
    case Fault::kAlembicIniInvalid:
    case Fault::kScriptDirectoryNotFound:
    case Fault::kVersionsEmpty:
    case Fault::kIncompleteGraph:
    case Fault::kSyntax:
    case Fault::kMissingVariable:
    case Fault::kUnknownValue: return "script_directory";
    case Fault::kInvalidRevisionId:
    case Fault::kDuplicateRevision:
    case Fault::kMissingRevision:
    case Fault::kSelfLoop:
    case Fault::kCycle:
    case Fault::kDependencyLoop:
    case Fault::kDependencyCycle:
    case Fault::kLabelConflict: return "revision_graph";
    default: return side;
  }
}

}  // namespace

Report compare_codebase(const Target& target, const std::shared_ptr<const Codebase>& shared,
                        const production::VersionTable& table, const Stop& stop) {
  const Codebase& codebase = *shared;
  Report report = blank_report(target);
  guarded(report, "repository", [&] { describe_codebase(report, codebase); });
  describe_production(report, table);
  add_comparison(report, codebase, stop,
                 [&](Report& compared) { add_verdict(compared, target, shared, table, stop); });
  return report;
}

Report compare_codebase(const Target& target, const std::shared_ptr<const Codebase>& shared,
                        const production::Tenants& tenants, const Stop& stop) {
  const Codebase& codebase = *shared;
  Report report = blank_report(target);
  guarded(report, "repository", [&] { describe_codebase(report, codebase); });
  describe_production(report, tenants);
  add_comparison(report, codebase, stop,
                 [&](Report& compared) { add_verdict(compared, codebase, tenants); });
  return report;
}

namespace {

constexpr const char* kTargetHint =
    "raise --target-timeout, or find out what is slow: stage_durations_ms of the JSON report says "
    "where the time went";

}  // namespace

TargetReading::TargetReading(const Target& target, const Run& run, std::shared_ptr<const Stop> stop)
    : target_(target),
      run_(run),
      stop_(std::move(stop)),
      begin_(SteadyClock::now()),
      timestamp_(run.clock.now()) {
  try {
    side_ = std::make_unique<ProductionSide>(target, run, stop_, timestamp_);
  } catch (const std::exception& error) {
    failure_ = std::make_exception_ptr(
        Error{Fault::kInternal, fmt::format("cannot begin to read production: {}", error.what()),
              "give the run more memory or threads, or fewer --jobs"});
  }
}

TargetReading::~TargetReading() = default;

void TargetReading::wait(bool keep) {
  if (!side_) return;
  try {
    read_ = side_->wait(*stop_);
    schema_ = std::make_unique<SchemaAnswer>(side_->wait_for_schema());
  } catch (Error& error) {
    // Its own time was over, not the run's.
    if (error.fault == Fault::kTimedOut && stop_->due() && !run_.stop->due()) {
      error.hint = kTargetHint;
    }
    failure_ = std::make_exception_ptr(error);
  } catch (...) {
    failure_ = std::current_exception();
  }
  if (!keep) side_->let_go();
}

// Its rules are read under the same lock as everything else of the repository.
void TargetReading::judge(SchemaAnswer& answer, const Codebase* codebase) const {
  std::unique_lock<std::mutex> lock;
  if (codebase != nullptr) lock = std::unique_lock(*codebase->comparing);
  judge_by_repository(answer, codebase, target_.schema_rules.file);
}

void TargetReading::compare(const CodebaseRead& repository) {
  report_ = blank_report(target_);
  repository_duration_ = repository.duration;
  guarded(report_, "repository", [&] {
    if (repository.failure) std::rethrow_exception(repository.failure);
  });
  guarded(report_, "production", [&] {
    if (failure_) std::rethrow_exception(failure_);
  });

  comparison_begin_ = SteadyClock::now();
  if (repository.codebase && read_) {
    // What it reads of the repository is for one thread at a time.
    const std::lock_guard lock(*repository.codebase->comparing);
    report_ = std::visit(
        [&](const auto& production) {
          return compare_codebase(target_, repository.codebase, production, *run_.stop);
        },
        *read_);
  } else {
    if (repository.codebase) describe_codebase(report_, *repository.codebase);
    if (read_) {
      std::visit([&](const auto& production) { describe_production(report_, production); }, *read_);
    }
  }
  if (schema_ && schema_->unjudged) judge(*schema_, repository.codebase.get());
}

bool TargetReading::wants_operations() const { return check::wants_operations(report_); }

void TargetReading::add_operations(const CodebaseRead& repository, std::size_t most) {
  if (!wants_operations()) return;
  check::add_operations(report_, *repository.codebase, target_.codebase.script,
                        side_->tables_reader(run_.stop), most, *run_.stop);
}

Report TargetReading::finish() {
  Report report = std::move(report_);
  if (schema_) add_schema(report, std::move(*schema_));
  hide_secrets(report);
  report.not_checked = not_checked(report);
  report.timestamp = timestamp_;
  report.run_id = run_.id;
  if (report.production.database.empty()) {
    report.production.database = shown_database(target_);
  }
  report.stage_durations_ms = {{"repository", repository_duration_.count()},
                               {"production", side_ ? side_->duration().count() : 0},
                               {"comparison", since(comparison_begin_)}};
  if (report.schema) {
    report.stage_durations_ms.emplace_back("schema", side_->schema_duration().count());
  }
  report.duration_ms = since(begin_);
  return report;
}

CheckedTarget check_target(const Target& target, const Run& run) {
  TargetReading reading(target, run, run.stop);
  const CodebaseRead repository = read_shared_codebase(target.codebase, run, run.stop);
  reading.wait(/*keep=*/true);
  reading.compare(repository);
  reading.add_operations(repository, report::kMostOperations);
  return {reading.finish(), repository.codebase};
}

Report report_of_none(const Target& target, const Run& run, const Error& error,
                      std::string_view side) {
  Report report = blank_report(target);
  add_failure(report, failure_of(error, side));
  report.not_checked = not_checked(report);
  report.timestamp = run.clock.now();
  report.run_id = run.id;
  report.production.database = shown_database(target);
  report.stage_durations_ms = {{"repository", 0}, {"production", 0}, {"comparison", 0}};
  return report;
}

report::Failure failure_of(const Error& error, std::string_view side) {
  return {std::string(stage_of(error.fault, side)), std::string(fault_name(error.fault)),
          error.what(), error.hint};
}

report::Failure failure_of(const std::vector<migrations::Problem>& problems) {
  const migrations::Problem& first = problems.front();
  std::string message = first.message;
  if (const std::size_t others = problems.size() - 1; others > 0) {
    message += fmt::format(" (and {}, see the warnings)", counted(others, "more problem"));
  }
  return {std::string(stage_of(first.kind, "repository")), std::string(fault_name(first.kind)),
          std::move(message), first.hint};
}

}  // namespace drift::check
