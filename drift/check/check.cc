#include "drift/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "drift/base/secrets.h"
#include "drift/base/text.h"
#include "drift/check/side.h"
#include "drift/sql/database.h"
#include "drift/sql/database_location.h"
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

// Who brought each pending revision and when. History that cannot tell costs the names, never the
// verdict.
void add_introductions(Report& report, const Codebase& codebase, const Stop& stop) {
  if (report.pending.empty()) return;
  std::vector<const migrations::Revision*> revisions;
  for (const auto& pending : report.pending) {
    revisions.push_back(&codebase.graph.at(codebase.graph.find(pending.revision).value()));
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
    }
  } catch (const Error& error) {
    report.warnings.push_back(
        fmt::format("cannot tell when the pending revisions were committed: {}", error.what()));
  }
}

void add_verdict(Report& report, const Codebase& codebase, const production::VersionTable& table) {
  verdict::Verdict verdict = verdict::compare(codebase.graph, table);
  report.status = verdict.status;
  report.reason = std::move(verdict.reason);
  report.codebase_heads = std::move(verdict.codebase_heads);
  report.production_versions = std::move(verdict.production_versions);
  report.findings = std::move(verdict.findings);
  report.warnings.insert(report.warnings.end(), verdict.warnings.begin(), verdict.warnings.end());
  for (const auto index : verdict.pending) {
    const migrations::Revision& revision = codebase.graph.at(index);
    report.pending.push_back({revision.id, revision.message, revision.path, {}, {}});
  }
}

// A verdict speaks of version rows alone; whoever reads it later must not take it for more.
std::vector<std::string> not_checked(const Report& report) {
  std::vector<std::string> all;
  if (!report.codebase_heads) all.emplace_back("the revisions of the repository: not read");
  if (!report.production_versions) all.emplace_back("the rows of the version table: not read");
  if (report.status == verdict::Status::kError) {
    all.emplace_back("whether production has every migration of this ref: not compared");
    return all;
  }
  all.emplace_back(
      "the tables, columns and indexes of the database: only the rows of its version table were "
      "compared");
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

Report compare_codebase(const Target& target, const Codebase& codebase,
                        const production::VersionTable& table, const Stop& stop) {
  Report report = blank_report(target);
  guarded(report, "repository", [&] { describe_codebase(report, codebase); });
  describe_production(report, table);
  if (report.failure) return report;
  // Half a comparison is none: what it found is taken over once it is whole.
  guarded(report, "comparison", [&] {
    Report compared = report;
    add_verdict(compared, codebase, table);
    add_introductions(compared, codebase, stop);
    report = std::move(compared);
  });
  report.repository.fetch = codebase.repository.fetch_record();
  hide_secrets(report);
  return report;
}

std::shared_ptr<const Codebase> CodebaseShelf::find(const CodebaseSettings& settings) const {
  for (const auto& [known, codebase] : codebases_) {
    if (known == settings) return codebase;
  }
  return nullptr;
}

void CodebaseShelf::add(const CodebaseSettings& settings,
                        std::shared_ptr<const Codebase> codebase) {
  codebases_.emplace_back(settings, std::move(codebase));
}

Report check_target(const Target& target, const Run& run, CodebaseShelf& shelf) {
  const auto begin = SteadyClock::now();
  const TimePoint timestamp = run.clock.now();
  const auto& stop = run.stop;
  const auto& log = run.log;

  // Everything the threads use is theirs (see Side).
  using SharedCodebase = std::shared_ptr<const Codebase>;
  SharedCodebase codebase = shelf.find(target.codebase);
  std::optional<Side<SharedCodebase>> repository_side;
  if (!codebase) {
    repository_side.emplace([settings = target.codebase, aws = run.aws, stop,
                             log]() -> SharedCodebase {
      return std::make_shared<const Codebase>(read_codebase(settings, aws->source(), *stop, *log));
    });
  }
  Side<production::VersionTable> production_side([database = target.database, role = target.role,
                                                  name = target.version_table, aws = run.aws, stop,
                                                  log] {
    const auto source = sql::open_database(database, aws->source(role), *stop, *log);
    log->info("connected", {{"database", source->description()}});
    return production::read_version_table(*source, name);
  });

  // Both wait for answers now.
  if (repository_side) migrations::GitRepository::prepare();

  Report report = blank_report(target);
  std::optional<production::VersionTable> table;
  if (repository_side) {
    guarded(report, "repository", [&] {
      codebase = repository_side->wait(*stop, "reading the repository");
      shelf.add(target.codebase, codebase);
    });
  }
  guarded(report, "production", [&] { table = production_side.wait(*stop, "reading production"); });

  const auto comparison_begin = SteadyClock::now();
  if (codebase && table) {
    report = compare_codebase(target, *codebase, *table, *stop);
  } else {
    if (codebase) describe_codebase(report, *codebase);
    if (table) describe_production(report, *table);
  }
  hide_secrets(report);
  report.not_checked = not_checked(report);
  report.timestamp = timestamp;
  report.run_id = run.id;
  if (report.production.database.empty()) {
    report.production.database = sql::shown_location(target.database.location);
  }
  report.stage_durations_ms = {
      {"repository", repository_side ? repository_side->duration().count() : 0},
      {"production", production_side.duration().count()},
      {"comparison", since(comparison_begin)}};
  report.duration_ms = since(begin);
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
