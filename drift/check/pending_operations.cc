#include "drift/check/pending_operations.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"
#include "drift/verdict/verdict.h"

namespace drift::check {
namespace {

// Keeps what fits into a report.
void bound(report::PendingImpact& impact) {
  std::size_t kept = 0;
  for (pending::RevisionOperations& one : impact.revisions) {
    const std::size_t room = report::kMostOperations - kept;
    if (one.operations.size() > room) {
      impact.left_out += one.operations.size() - room;
      one.operations.resize(room);
    }
    kept += one.operations.size();
  }
}

}  // namespace

void add_operations(report::Report& report, const Codebase& codebase,
                    const migrations::ScriptSettings& script, const TablesReader& tables,
                    const Stop& stop) {
  if (report.pending.empty() || report.failure) return;
  report::PendingImpact impact;
  try {
    OperationsQuestion question;
    question.script = script;
    for (const auto& one : report.pending) question.asked.push_back(one.revision);
    JudgedOperations judged =
        judge_operations(codebase.repository.tree_at(codebase.commit.id), question, tables, stop);
    impact.revisions = std::move(judged.operations.revisions);
    impact.live = std::move(judged.live);
    impact.live.why_not = without_secrets(impact.live.why_not);
    for (std::string& warning : judged.operations.warnings) {
      report.warnings.push_back(without_secrets(warning));
    }
    bound(impact);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    impact.why_not = without_secrets(error.what());
  } catch (const std::exception& error) {
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
