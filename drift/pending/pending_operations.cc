#include "drift/pending/pending_operations.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "drift/base/error.h"
#include "drift/pending/alembic_rules.h"
#include "drift/pending/ledger.h"
#include "drift/pending/suppressions.h"
#include "drift/pending/upgrades.h"
#include "migrations/module_sources.h"
#include "migrations/revision_graph.h"
#include "migrations/script_directory.h"
#include "migrations/upgrade/upgrade.h"

namespace drift::pending {
namespace {

using migrations::Revision;
using migrations::RevisionGraph;

// `asked` (all of them where it is empty) and what comes before them, in upgrade order.
std::vector<Revision> ordered(const RevisionGraph& graph, const std::vector<std::string>& asked) {
  std::vector<RevisionGraph::Index> wanted;
  for (const std::string& id : asked) {
    if (const auto index = graph.find(id)) wanted.push_back(*index);
  }
  const std::vector<bool> before = graph.ancestors(wanted);
  std::vector<Revision> revisions;
  for (const auto index : graph.upgrade_order()) {
    if (asked.empty() || before[index]) revisions.push_back(graph.at(index));
  }
  return revisions;
}

std::vector<Revision> ordered(migrations::ScriptDirectory directory,
                              const std::vector<std::string>& asked,
                              std::vector<std::string>& warnings) {
  std::string problem = directory.problems.empty() ? "" : directory.problems[0].message;
  std::vector<Revision> revisions = directory.revisions;
  const RevisionGraph::Built built = RevisionGraph::build(std::move(directory.revisions));
  if (built.problems.empty()) return ordered(built.graph, asked);
  warnings.push_back(
      "the migrations have a problem, so their operations are in the order of "
      "their files: " +
      (problem.empty() ? built.problems[0].message : problem));
  return revisions;
}

// What one file says.
struct Upgrade {
  Revision revision;
  bool asked = false;
  std::vector<migrations::UpgradeCall> calls;
  std::vector<Suppression> suppressions;
  std::vector<std::string> warnings;  // of its comments
};

// Hands over what the files say, in upgrade order. `kept_modules` have what the calls refer to.
void for_each_upgrade(const migrations::GitTree& tree, const migrations::ScriptSettings& settings,
                      const std::vector<std::string>& asked, bool all, const RevisionGraph* graph,
                      const Stop& stop, migrations::KeptModules& kept_modules,
                      std::vector<std::string>& warnings,
                      const std::function<void(Upgrade)>& take) {
  const std::vector<std::string> ends = all ? std::vector<std::string>{} : asked;
  const std::vector<Revision> revisions =
      graph != nullptr
          ? ordered(*graph, ends)
          : ordered(migrations::read_script_directory(tree, settings, stop), ends, warnings);
  std::set<std::string, std::less<>> wanted(asked.begin(), asked.end());
  migrations::ModuleSources modules(
      tree, migrations::find_version_locations(tree, settings).import_roots);
  std::size_t left = all ? revisions.size() : wanted.size();
  for (const Revision& revision : revisions) {
    if (left == 0) break;
    stop.check("reading the operations of migrations");
    Upgrade one{revision, all || wanted.erase(revision.id) > 0, {}, {}, {}};
    if (one.asked) --left;
    if (const auto source = tree.read(revision.path)) {
      one.calls =
          migrations::read_upgrade(*source, modules.loader_for(revision.path), kept_modules);
      if (one.asked) one.suppressions = read_suppressions(*source, revision.path, one.warnings);
      take(std::move(one));
    }
  }
}

// Makes operations of upgrades, one after the other.
class Judge {
 public:
  Judge(Ledger before, const KnownCatalog* catalog)
      : ledger_(std::move(before)), catalog_(catalog) {}

  void take(const Upgrade& upgrade, UpgradeOperations& result) {
    if (upgrade.asked && catalog_ != nullptr) ledger_.take(*std::exchange(catalog_, nullptr));
    ledger_.set_asked(upgrade.asked);
    const Revision& revision = upgrade.revision;
    RevisionOperations one{revision.id, revision.path, revision.message, {}, {}};
    for (const migrations::UpgradeCall& call : upgrade.calls) {
      for (Operation& operation : operations_of_call(call, ledger_)) {
        if (!upgrade.asked) continue;
        for (const auto& [table, lock] : operation.locks) {
          Lock& strongest = one.tables[table];
          strongest = std::max(strongest, lock);
        }
        one.operations.push_back(std::move(operation));
      }
    }
    if (!upgrade.asked) return;
    result.warnings.insert(result.warnings.end(), upgrade.warnings.begin(), upgrade.warnings.end());
    apply_suppressions(upgrade.suppressions, revision.path, one.operations, result.warnings);
    result.revisions.push_back(std::move(one));
  }

 private:
  Ledger ledger_;
  const KnownCatalog* catalog_;
};

}  // namespace

UpgradeOperations read_operations(const migrations::GitTree& tree,
                                  const migrations::ScriptSettings& settings,
                                  const std::vector<std::string>& asked, bool all,
                                  int server_version, const Stop& stop,
                                  const KnownCatalog* catalog) {
  UpgradeOperations result;
  migrations::KeptModules kept_modules;
  Judge judge(Ledger(server_version), catalog);
  for_each_upgrade(tree, settings, asked, all, nullptr, stop, kept_modules, result.warnings,
                   [&](const Upgrade& upgrade) { judge.take(upgrade, result); });
  return result;
}

struct Upgrades::Kept {
  migrations::KeptModules modules;  // outlive the calls
  Ledger before{0};                 // after what comes before the first that is asked about
  std::vector<Upgrade> upgrades;    // from there on
  std::vector<std::string> warnings;
};

Upgrades::Upgrades(std::unique_ptr<Kept> kept) : kept_(std::move(kept)) {}
Upgrades::Upgrades(Upgrades&&) noexcept = default;
Upgrades& Upgrades::operator=(Upgrades&&) noexcept = default;
Upgrades::~Upgrades() = default;

Upgrades Upgrades::read(const migrations::GitTree& tree, const migrations::ScriptSettings& settings,
                        const std::vector<std::string>& asked, bool all, const Stop& stop,
                        const RevisionGraph* graph) {
  auto kept = std::make_unique<Kept>();
  for_each_upgrade(tree, settings, asked, all, graph, stop, kept->modules, kept->warnings,
                   [&](Upgrade upgrade) {
                     if (upgrade.asked || !kept->upgrades.empty()) {
                       kept->upgrades.push_back(std::move(upgrade));
                       return;
                     }
                     kept->before.set_asked(false);
                     for (const auto& call : upgrade.calls) operations_of_call(call, kept->before);
                   });
  return Upgrades(std::move(kept));
}

UpgradeOperations Upgrades::operations(int server_version, const KnownCatalog* catalog) const {
  UpgradeOperations result;
  result.warnings = kept_->warnings;
  Ledger before = kept_->before;
  before.set_server_version(server_version);
  Judge judge(std::move(before), catalog);
  for (const Upgrade& upgrade : kept_->upgrades) judge.take(upgrade, result);
  return result;
}

}  // namespace drift::pending
