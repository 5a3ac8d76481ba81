#include "drift/verdict/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/verdict/findings.h"
#include "drift/verdict/standing.h"
#include "drift/verdict/unknown_row.h"

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

// Rows that are revisions of the ref, and those that are not.
struct Split {
  std::vector<RevisionGraph::Index> known;
  std::vector<std::string> unknown;

  Split(const RevisionGraph& graph, const std::vector<std::string>& rows) {
    for (const std::string& row : rows) {
      if (const auto index = graph.find(row)) {
        known.push_back(*index);
      } else {
        unknown.push_back(row);
      }
    }
  }
};

std::vector<Standing::Redundant> redundant_in(const RevisionGraph& graph,
                                              const std::vector<RevisionGraph::Index>& rows) {
  std::vector<Standing::Redundant> redundant;
  for (const RevisionGraph::Redundant& entry : graph.redundant(rows)) {
    redundant.push_back({graph.at(entry.row).id, graph.at(entry.covered_by).id});
  }
  return redundant;
}

std::vector<RevisionGraph::Index> pending_in(const RevisionGraph& graph,
                                             const std::vector<bool>& applied) {
  std::vector<RevisionGraph::Index> pending = graph.upgrade_order();
  std::erase_if(pending, [&](RevisionGraph::Index index) { return applied[index]; });
  return pending;
}

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
    case Status::kAhead: return "ahead";
    case Status::kDiverged: return "diverged";
    case Status::kUnknownRevision: return "unknown_revision";
    case Status::kUnversioned: return "unversioned";
    case Status::kInconsistent: return "inconsistent";
    case Status::kSchemaDrift: return "schema_drift";
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

Verdict compare(const RevisionGraph& graph, const production::VersionTable& table,
                const Elsewhere* elsewhere) {
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
  const Split split(graph, rows.distinct);
  const bool all_known = split.unknown.empty();
  std::variant<Standing, Doubt> whole = Doubt{};
  if (!all_known && elsewhere != nullptr) whole = stand(graph, rows.distinct, *elsewhere);
  const auto* standing = std::get_if<Standing>(&whole);
  const bool told = all_known || standing != nullptr;

  if (told) {
    verdict.pending = all_known ? graph.pending(split.known) : pending_in(graph, standing->applied);
  }
  const bool ahead = told && verdict.pending.empty();
  const std::vector<Standing::Redundant> redundant =
      standing != nullptr ? standing->redundant : redundant_in(graph, split.known);
  const bool sound = redundant.empty() && rows.repeated.empty();

  // What is wrong with the rows is told whichever of it decides the status.
  find_unknown_rows(graph, table, split.unknown, elsewhere, whole, ahead, verdict.findings);
  find_redundant_rows(table, redundant, verdict.findings);
  find_duplicate_rows(table, rows.repeated, verdict.findings);
  if (!verdict.pending.empty()) {
    find_pending_revisions(graph, verdict.pending,
                           !all_known ? Obstacle::kUnknownRow
                           : sound    ? Obstacle::kNone
                                      : Obstacle::kRows,
                           verdict.findings);
  }

  if (!told) {
    // The unknown revision may have any of ours among its ancestors, or none.
    verdict.status = Status::kUnknownRevision;
    verdict.warnings.push_back(
        "which revisions are pending cannot be known while a version row is unknown");
  } else if (!sound) {
    verdict.status = Status::kInconsistent;
  } else if (!all_known) {
    verdict.status = ahead ? Status::kAhead : Status::kDiverged;
  } else if (rows.distinct == verdict.codebase_heads) {
    verdict.status = Status::kSynced;
  } else {
    verdict.status = Status::kBehind;
  }
  if (standing != nullptr) verdict.common_base = standing->common_base;
  verdict.production_versions = std::move(rows.distinct);
  return verdict;
}

std::vector<std::string> rows_to_search(const RevisionGraph& graph,
                                        const production::VersionTable& table) {
  const UnknownRows explain(graph, table);
  std::vector<std::string> rows = Split(graph, Rows(table.rows).distinct).unknown;
  if (rows.size() > kFoundSingly) rows.resize(kFoundSingly);
  std::erase_if(rows, [&](const std::string& row) { return !explain(row).worth_a_search; });
  return rows;
}

int exit_code(Status status) {
  switch (status) {
    case Status::kSynced: return 0;
    case Status::kError: return 2;
    default: return 1;
  }
}

}  // namespace drift::verdict
