#include "drift/check/pending_operations.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"
#include "drift/verdict/verdict.h"

namespace drift::check {
namespace {

// Of one repository; a fleet whose databases are at many revisions is read more often.
constexpr std::size_t kMostUpgradesKept = 8;

// Keeps what fits into a report.
void bound(report::PendingImpact& impact, std::size_t most) {
  std::size_t kept = 0;
  for (pending::RevisionOperations& one : impact.revisions) {
    const std::size_t room = most - kept;
    if (one.operations.size() > room) {
      impact.left_out += one.operations.size() - room;
      one.operations.resize(room);
    }
    kept += one.operations.size();
  }
}

std::shared_ptr<const pending::Upgrades> upgrades_of(const std::vector<std::string>& revisions,
                                                     const Codebase& codebase,
                                                     const migrations::ScriptSettings& script,
                                                     const Stop& stop) {
  const std::lock_guard lock(*codebase.comparing);
  if (!codebase.searches->left_behind_because.empty()) {
    throw Error{Fault::kTimedOut, codebase.searches->left_behind_because};
  }
  auto& done = codebase.upgrades->done;
  if (const auto known = done.find(revisions); known != done.end()) return known->second;
  auto read = std::make_shared<const pending::Upgrades>(
      pending::Upgrades::read(codebase.repository.tree_at(codebase.commit.id), script, revisions,
                              /*all=*/false, stop, &codebase.graph));
  if (done.size() == kMostUpgradesKept) done.erase(done.begin());
  return done.emplace(revisions, std::move(read)).first->second;
}

}  // namespace

bool wants_operations(const report::Report& report) {
  return !report.pending.empty() && !report.failure;
}

void add_operations(report::Report& report, const Codebase& codebase,
                    const migrations::ScriptSettings& script, const TablesReader& tables,
                    std::size_t most, const Stop& stop) {
  if (!wants_operations(report)) return;
  report::PendingImpact impact;
  try {
    std::vector<std::string> asked;
    for (const auto& one : report.pending) asked.push_back(one.revision);
    const auto upgrades = upgrades_of(asked, codebase, script, stop);
    JudgedOperations judged = judge_operations(*upgrades, std::nullopt, tables);
    impact.revisions = std::move(judged.operations.revisions);
    impact.live = std::move(judged.live);
    impact.live.why_not = without_secrets(impact.live.why_not);
    for (std::string& warning : judged.operations.warnings) {
      report.warnings.push_back(without_secrets(warning));
    }
    bound(impact, most);
  } catch (const std::exception& error) {
    impact = {};
    impact.why_not = without_secrets(error.what());
  }
  report.impact = std::move(impact);
}

bool any_at_least(const std::vector<pending::RevisionOperations>& revisions,
                  pending::Severity severity) {
  return std::any_of(revisions.begin(), revisions.end(), [&](const auto& one) {
    return std::any_of(one.operations.begin(), one.operations.end(),
                       [&](const auto& operation) { return operation.severity >= severity; });
  });
}

int gated_exit_code(const report::Report& report, pending::Severity fail_on) {
  const int verdict = verdict::exit_code(report.status);
  if (report.status != verdict::Status::kBehind || !report.impact) return verdict;
  if (!report.impact->why_not.empty()) return 2;
  // What did not fit into the report may be anything.
  if (report.impact->left_out > 0) return 1;
  return any_at_least(report.impact->revisions, fail_on) ? 1 : 0;
}

}  // namespace drift::check
