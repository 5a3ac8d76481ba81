#include "migrations/lineage.h"

#include <fmt/format.h>

#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "migrations/script_directory.h"

namespace drift::migrations {
namespace {

// Nobody can have run a migration from a script directory of which Alembic reads nothing.
bool stops_alembic(Fault kind) {
  switch (kind) {
    case Fault::kSyntax:
    case Fault::kMissingRevision:
    case Fault::kSelfLoop:
    case Fault::kCycle:
    case Fault::kDependencyLoop:
    case Fault::kDependencyCycle:
    case Fault::kLabelConflict: return true;
    default: return false;
  }
}

NoLineage not_sound(const std::string& commit, const std::vector<Problem>& problems) {
  NoLineage none{fmt::format("the migrations at commit {} have a problem: {}", commit.substr(0, 12),
                             problems.front().message)};
  for (const Problem& problem : problems) {
    none.for_alembic_too = none.for_alembic_too || stops_alembic(problem.kind);
  }
  return none;
}

}  // namespace

std::vector<Revision> with_ancestors(const RevisionGraph& graph,
                                     const std::vector<RevisionGraph::Index>& revisions) {
  const std::vector<bool> among = graph.ancestors(revisions);
  std::vector<Revision> all;
  for (RevisionGraph::Index index = 0; index < among.size(); ++index) {
    if (!among[index]) continue;
    Revision revision = graph.at(index);
    revision.dependencies.clear();
    for (const auto dependency : graph.dependencies(index)) {
      revision.dependencies.push_back(graph.at(dependency).id);
    }
    revision.branch_labels.clear();
    all.push_back(std::move(revision));
  }
  return all;
}

std::variant<Lineage, NoLineage> read_lineage(const GitRepository& repository,
                                              const std::string& commit,
                                              const ScriptSettings& settings,
                                              const std::string& revision, const Stop& stop) {
  RevisionGraph graph;
  try {
    ScriptDirectory directory = read_script_directory(repository.tree_at(commit), settings, stop);
    if (!directory.problems.empty()) return not_sound(commit, directory.problems);
    RevisionGraph::Built built = RevisionGraph::build(std::move(directory.revisions));
    if (!built.problems.empty()) return not_sound(commit, built.problems);
    graph = std::move(built.graph);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted || error.fault == Fault::kTimedOut) throw;
    return NoLineage{fmt::format("the migrations at commit {} cannot be read: {}",
                                 commit.substr(0, 12), error.what())};
  }
  const auto index = graph.find(revision);
  if (!index) {
    // Its file is there, in a folder that the configuration of that commit does not name.
    return NoLineage{fmt::format("{} is no migration of commit {}: its Alembic configuration does "
                                 "not name the folder",
                                 quoted(revision), commit.substr(0, 12)),
                     true};
  }
  return Lineage{commit, with_ancestors(graph, {*index})};
}

}  // namespace drift::migrations
