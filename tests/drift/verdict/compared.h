// The two sides of a comparison as the tests write them down, and what they look at in a verdict.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "drift/production/version_table.h"
#include "drift/verdict/verdict.h"
#include "tests/migrations/topology.h"

namespace drift::verdict {

using migrations::in_file;
using migrations::Names;
using migrations::revision;
using migrations::Revision;
using migrations::RevisionGraph;
using migrations::sound;

inline production::VersionTable table_with(Names rows) {
  production::VersionTable table;
  table.exists = true;
  table.schema = "public";
  table.table = "alembic_version";
  table.qualified_name = "public.alembic_version";
  table.rows = std::move(rows);
  return table;
}

inline production::VersionTable no_table() {
  production::VersionTable table = table_with({});
  table.exists = false;
  return table;
}

// aaaa1 -> aaaa2 -> bbbb3
inline RevisionGraph line() {
  return sound({revision("aaaa1"), revision("aaaa2", {"aaaa1"}, {}, {"core"}),
                revision("bbbb3", {"aaaa2"})});
}

inline Names pending_ids(const RevisionGraph& graph, const Verdict& verdict) {
  Names ids;
  for (const auto index : verdict.pending) ids.push_back(graph.at(index).id);
  return ids;
}

inline Names kinds(const Verdict& verdict) {
  Names found;
  for (const Finding& finding : verdict.findings) found.push_back(finding.kind);
  return found;
}

inline std::string status_of(const RevisionGraph& graph, Names rows) {
  return std::string(status_name(compare(graph, table_with(std::move(rows))).status));
}

}  // namespace drift::verdict
