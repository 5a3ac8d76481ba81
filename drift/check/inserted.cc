#include "drift/check/inserted.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "drift/base/clock.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "migrations/introductions.h"

namespace drift::check {
namespace {

using migrations::GitRepository;
using migrations::Revision;
using migrations::RevisionGraph;
using Index = RevisionGraph::Index;

// "2026-01-31 10:00:00.123456" as Alembic's template writes it: such texts sort as their times do.
bool is_date(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00";
  if (text.size() < kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return false;
  }
  return true;
}

struct Suspect {
  Index revision = 0;
  Index descendant = 0;  // the oldest by its Create Date, and older than the revision's
};

std::vector<Suspect> suspects(const RevisionGraph& graph, const std::vector<bool>& applied) {
  std::vector<std::optional<Index>> oldest(applied.size());  // of the applied descendants
  std::vector<Suspect> found;
  const auto date = [&](Index index) -> const std::string& { return graph.at(index).create_date; };
  const std::vector<Index> order = graph.upgrade_order();
  for (auto revision = order.rbegin(); revision != order.rend(); ++revision) {
    if (!applied[*revision]) continue;
    std::optional<Index> best = oldest[*revision];
    if (is_date(date(*revision))) {
      if (best && date(*best) < date(*revision)) {
        found.push_back({*revision, *best});
      } else {
        best = *revision;
      }
    }
    if (!best) continue;
    for (const auto* list : {&graph.parents(*revision), &graph.dependencies(*revision)}) {
      for (const Index parent : *list) {
        if (!oldest[parent] || date(*best) < date(*oldest[parent])) oldest[parent] = best;
      }
    }
  }
  std::stable_sort(found.begin(), found.end(), [&](const Suspect& a, const Suspect& b) {
    return date(a.revision) > date(b.revision);
  });
  if (found.size() > kMostInserted) found.resize(kMostInserted);
  return found;
}

bool has(const GitRepository& repository, const std::string& commit, const std::string& path) {
  return repository.tree_at(commit).entry(path).has_value();
}

}  // namespace

std::vector<std::string> warnings_of_inserted(const Codebase& codebase,
                                              const std::vector<bool>& applied, const Stop& stop) {
  const RevisionGraph& graph = codebase.graph;
  const GitRepository& repository = codebase.repository;
  const std::vector<Suspect> found = suspects(graph, applied);
  std::vector<std::string> paths;
  std::vector<const Revision*> revisions;
  for (const Suspect& suspect : found) {
    revisions.push_back(&graph.at(suspect.revision));
    paths.push_back(revisions.back()->path);
  }
  if (paths.empty()) return {};
  // First, because it fetches the history that both read.
  const auto introductions =
      migrations::find_introductions(repository, codebase.commit, revisions, stop).commits;
  const auto arrivals = repository.arrivals(codebase.commit.id, paths, stop);
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Revision& revision = graph.at(found[i].revision);
    const Revision& descendant = graph.at(found[i].descendant);
    if (!arrivals[i] || arrivals[i]->before.empty() || !introductions[i]) continue;
    // Not with one merge; and not on a branch that did not have the descendant yet, which was then
    // brought up to date.
    if (!has(repository, arrivals[i]->before, descendant.path)) continue;
    const std::string introduced_after = introductions[i]->id + "^";
    if (!has(repository, introduced_after, descendant.path)) continue;
    const migrations::Commit& commit = arrivals[i]->commit;
    warnings.push_back(fmt::format(
        "revision {} ({}) counts as applied because {} follows it, but its file came with commit "
        "{} of {}, when {} was there already: a database that had run {} by then never runs {}",
        quoted(revision.id), printable(revision.path), quoted(descendant.id),
        commit.id.substr(0, 12), rfc3339(commit.committed_at).substr(0, 10), quoted(descendant.id),
        quoted(descendant.id), quoted(revision.id)));
  }
  return warnings;
}

}  // namespace drift::check
