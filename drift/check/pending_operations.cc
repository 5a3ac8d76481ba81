#include "drift/check/pending_operations.h"

#include <exception>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"

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
    bound(impact);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    impact.why_not = without_secrets(error.what());
  } catch (const std::exception& error) {
    impact.why_not = without_secrets(error.what());
  }
  report.impact = std::move(impact);
}

}  // namespace drift::check
