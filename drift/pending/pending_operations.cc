#include "drift/pending/pending_operations.h"

#include <algorithm>
#include <set>
#include <utility>

#include "drift/base/error.h"
#include "drift/pending/alembic_rules.h"
#include "drift/pending/ledger.h"
#include "drift/pending/suppressions.h"
#include "migrations/module_sources.h"
#include "migrations/revision_graph.h"
#include "migrations/script_directory.h"
#include "migrations/upgrade/upgrade.h"

namespace drift::pending {
namespace {

using migrations::Revision;
using migrations::RevisionGraph;

// `asked` (all of them where it is empty) and what comes before them, in upgrade order.
std::vector<Revision> ordered(migrations::ScriptDirectory directory,
                              const std::vector<std::string>& asked,
                              std::vector<std::string>& warnings) {
  std::string problem = directory.problems.empty() ? "" : directory.problems[0].message;
  std::vector<Revision> revisions = directory.revisions;
  RevisionGraph::Built built = RevisionGraph::build(std::move(directory.revisions));
  if (!built.problems.empty()) {
    warnings.push_back(
        "the migrations have a problem, so their operations are in the order of "
        "their files: " +
        (problem.empty() ? built.problems[0].message : problem));
    return revisions;
  }
  std::vector<RevisionGraph::Index> wanted;
  for (const std::string& id : asked) {
    if (const auto index = built.graph.find(id)) wanted.push_back(*index);
  }
  const std::vector<bool> before = built.graph.ancestors(wanted);
  revisions.clear();
  for (const auto index : built.graph.upgrade_order()) {
    if (asked.empty() || before[index]) revisions.push_back(built.graph.at(index));
  }
  return revisions;
}

}  // namespace

UpgradeOperations read_operations(const migrations::GitTree& tree,
                                  const migrations::ScriptSettings& settings,
                                  const std::vector<std::string>& asked, bool all,
                                  int server_version, const Stop& stop,
                                  const KnownCatalog* catalog) {
  UpgradeOperations result;
  const std::vector<Revision> revisions =
      ordered(migrations::read_script_directory(tree, settings, stop),
              all ? std::vector<std::string>{} : asked, result.warnings);
  std::set<std::string, std::less<>> wanted(asked.begin(), asked.end());
  migrations::ModuleSources modules(
      tree, migrations::find_version_locations(tree, settings).import_roots);
  migrations::UpgradeReader reader;
  Ledger ledger(server_version);
  std::size_t left = all ? revisions.size() : wanted.size();
  for (const Revision& revision : revisions) {
    if (left == 0) break;
    stop.check("reading the operations of migrations");
    const bool is_asked = all || wanted.erase(revision.id) > 0;
    if (is_asked) --left;
    if (is_asked && catalog != nullptr) ledger.take(*std::exchange(catalog, nullptr));
    const auto source = tree.read(revision.path);
    if (!source) continue;
    ledger.set_asked(is_asked);
    const auto reading = reader.read(*source, modules.loader_for(revision.path));
    RevisionOperations one{revision.id, revision.path, revision.message, {}, {}};
    for (const migrations::UpgradeCall& call : reading.calls) {
      for (Operation& operation : operations_of_call(call, ledger)) {
        if (!is_asked) continue;
        for (const auto& [table, lock] : operation.locks) {
          Lock& strongest = one.tables[table];
          strongest = std::max(strongest, lock);
        }
        one.operations.push_back(std::move(operation));
      }
    }
    if (!is_asked) continue;
    apply_suppressions(read_suppressions(*source, revision.path, result.warnings), revision.path,
                       one.operations, result.warnings);
    result.revisions.push_back(std::move(one));
  }
  return result;
}

}  // namespace drift::pending
