#include "drift/check/version_rows.h"

#include <fmt/format.h>

#include "drift/base/printable.h"
#include "migrations/revision_graph.h"

namespace drift::check {

VersionRows version_rows_of(const production::VersionTable& table) {
  if (!table.exists) {
    return {{}, fmt::format("there is no version table {}", printable(table.qualified_name))};
  }
  if (table.rows.empty()) {
    return {{}, fmt::format("the version table {} is empty", printable(table.qualified_name))};
  }
  return {table.rows, ""};
}

AppliedRevisions::AppliedRevisions(const migrations::RevisionGraph& graph,
                                   const VersionRows& rows) {
  why_not_ = rows.why_not;
  if (!rows.rows) return;
  std::vector<migrations::RevisionGraph::Index> known;
  for (const std::string& row : *rows.rows) {
    if (const auto index = graph.find(row)) {
      known.push_back(*index);
    } else if (why_not_.empty()) {
      why_not_ = fmt::format("the version row {} is not a revision of this ref", printable(row));
    }
  }
  const std::vector<bool> has = graph.ancestors(known);
  for (std::size_t i = 0; i < has.size(); ++i) {
    if (has[i]) applied_.insert(graph.at(i).id);
  }
}

std::optional<bool> AppliedRevisions::has(const std::string& revision) const {
  if (applied_.count(revision) > 0) return true;
  return why_not_.empty() ? std::optional<bool>(false) : std::nullopt;
}

}  // namespace drift::check
