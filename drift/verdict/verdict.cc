#include "drift/verdict/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/verdict/findings.h"

namespace drift::verdict {
namespace {

using migrations::RevisionGraph;

std::vector<std::string> ids_of(const RevisionGraph& graph,
                                const std::vector<RevisionGraph::Index>& indices) {
  std::vector<std::string> ids;
  ids.reserve(indices.size());
  for (const RevisionGraph::Index index : indices) ids.push_back(graph.at(index).id);
  return ids;
}

// The distinct values of `rows`, and those that stand there more than once; both sorted. The
// table's reader sorts already, but a verdict must not rest on that.
struct Rows {
  std::vector<std::string> distinct, repeated;

  explicit Rows(std::vector<std::string> rows) {
    std::sort(rows.begin(), rows.end());
    for (std::string& row : rows) {
      if (distinct.empty() || distinct.back() != row) {
        distinct.push_back(std::move(row));
      } else if (repeated.empty() || repeated.back() != row) {
        repeated.push_back(std::move(row));
      }
    }
  }
};

void warn_of_several_heads(const RevisionGraph& graph, std::vector<std::string>& warnings) {
  if (graph.heads().size() < 2) return;
  warnings.push_back(
      fmt::format("the script directory has {} heads ({}): `alembic upgrade head` fails, use "
                  "`alembic upgrade heads` or join them with `alembic merge heads`",
                  graph.heads().size(), quoted(ids_of(graph, graph.heads()))));
}

}  // namespace

std::string_view status_name(Status status) {
  switch (status) {
    case Status::kSynced: return "synced";
    case Status::kBehind: return "behind";
    case Status::kUnknownRevision: return "unknown_revision";
    case Status::kUnversioned: return "unversioned";
    case Status::kInconsistent: return "inconsistent";
    case Status::kError: return "error";
  }
  return "error";
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::kInfo: return "info";
    case Severity::kWarning: return "warning";
    case Severity::kCritical: return "critical";
  }
  return "critical";
}

Verdict compare(const RevisionGraph& graph, const production::VersionTable& table) {
  Verdict verdict;
  verdict.codebase_heads = ids_of(graph, graph.effective_heads());
  warn_of_several_heads(graph, verdict.warnings);

  if (!table.exists || table.rows.empty()) {
    verdict.status = Status::kUnversioned;
    verdict.reason = table.exists ? "table_empty" : "table_missing";
    verdict.pending = graph.pending({});
    if (table.exists) {
      find_empty_table(table, verdict.findings);
    } else {
      find_missing_table(table, verdict.findings);
    }
    return verdict;
  }

  Rows rows(table.rows);
  std::vector<RevisionGraph::Index> known;
  std::vector<std::string> unknown;
  for (const std::string& row : rows.distinct) {
    if (const auto index = graph.find(row)) {
      known.push_back(*index);
    } else {
      unknown.push_back(row);
    }
  }
  const std::vector<RevisionGraph::Redundant> redundant = graph.redundant(known);

  // What is wrong with the rows is told whichever of it decides the status.
  find_unknown_rows(graph, table, unknown, verdict.findings);
  find_redundant_rows(graph, table, redundant, verdict.findings);
  find_duplicate_rows(table, rows.repeated, verdict.findings);

  if (!unknown.empty()) {
    // The unknown revision may have any of ours among its ancestors, or none.
    verdict.status = Status::kUnknownRevision;
    verdict.warnings.push_back(
        "which revisions are pending cannot be known while a version row is unknown");
  } else {
    verdict.pending = graph.pending(known);
    const bool sound = redundant.empty() && rows.repeated.empty();
    if (!verdict.pending.empty()) {
      find_pending_revisions(graph, verdict.pending, sound, verdict.findings);
    }
    if (!sound) {
      verdict.status = Status::kInconsistent;
    } else if (rows.distinct == verdict.codebase_heads) {
      verdict.status = Status::kSynced;
    } else {
      verdict.status = Status::kBehind;
    }
  }
  verdict.production_versions = std::move(rows.distinct);
  return verdict;
}

int exit_code(Status status) {
  switch (status) {
    case Status::kSynced: return 0;
    case Status::kError: return 2;
    default: return 1;
  }
}

}  // namespace drift::verdict
