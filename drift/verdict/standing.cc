#include "drift/verdict/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::verdict {
namespace {

using migrations::FoundRevision;
using migrations::Lineage;
using migrations::Revision;
using migrations::RevisionGraph;
using Where = FoundRevision::Where;

// Of several rows, each with several lineages, no more ways to combine them are looked at.
constexpr std::size_t kMostWays = 64;

std::set<std::string> set_of(const std::vector<std::string>& list) {
  return {list.begin(), list.end()};
}

std::string parents(const Revision& revision) {
  return revision.down_revisions.empty() ? "nothing" : quoted(revision.down_revisions, 3);
}

// Revisions of one or more places, each id once.
class Merged {
 public:
  // Why `revision` cannot be the one of this id that is here already; "" where it can, or is new.
  std::string add(const Revision& revision, const std::string& place) {
    const auto [entry, is_new] = all_.try_emplace(revision.id, Entry{&revision, place});
    if (is_new) return {};
    const Revision& known = *entry->second.revision;
    const std::string& other = entry->second.place;
    if (set_of(known.down_revisions) != set_of(revision.down_revisions)) {
      return fmt::format("{} follows {} in {} and {} in {}", quoted(revision.id), parents(known),
                         other, parents(revision), place);
    }
    if (set_of(known.dependencies) != set_of(revision.dependencies)) {
      return fmt::format("{} depends on other revisions in {} than in {}", quoted(revision.id),
                         other, place);
    }
    const bool same_migration =
        known.blob == revision.blob ||
        (!known.create_date.empty() && known.create_date == revision.create_date);
    if (!same_migration) {
      return fmt::format("{} is {} in {} and {} in {}, and these may be two migrations of one id",
                         quoted(revision.id), printable(known.path), other,
                         printable(revision.path), place);
    }
    return {};
  }

  RevisionGraph::Built build() const {
    std::vector<Revision> revisions;
    for (const auto& [id, entry] : all_) revisions.push_back(*entry.revision);
    return RevisionGraph::build(std::move(revisions));
  }

 private:
  struct Entry {
    const Revision* revision;
    std::string place;
  };
  std::map<std::string, Entry> all_;
};

std::vector<RevisionGraph::Index> every(const RevisionGraph& graph) {
  std::vector<RevisionGraph::Index> all(graph.revisions().size());
  for (RevisionGraph::Index index = 0; index < all.size(); ++index) all[index] = index;
  return all;
}

// Why the ancestors of a row that is not in the ref are not known; "" where they are.
std::string unknown_because(const std::string& row, const FoundRevision* found) {
  if (found == nullptr) return fmt::format("{} was not looked for", quoted(row));
  if (found->where != Where::kElsewhere && found->where != Where::kRemoved) {
    return fmt::format("{} was found in no commit", quoted(row));
  }
  if (!found->lineage_unknown_because.empty()) {
    return fmt::format("the ancestors of {} are not known: {}", quoted(row),
                       found->lineage_unknown_because);
  }
  return {};
}

class Stand {
 public:
  Stand(const RevisionGraph& graph, const std::vector<std::string>& rows, std::string ref)
      : graph_(graph),
        rows_(rows),
        ref_(std::move(ref)),
        of_ref_(with_ancestors(graph, every(graph))) {}

  std::variant<Standing, Doubt> with(const std::vector<const Lineage*>& lineages) const {
    Merged merged;
    for (const Revision& revision : of_ref_) merged.add(revision, ref_);
    for (const Lineage* lineage : lineages) {
      for (const Revision& revision : lineage->revisions) {
        std::string conflict =
            merged.add(revision, fmt::format("commit {}", lineage->commit.substr(0, 12)));
        if (!conflict.empty()) return Doubt{std::move(conflict)};
      }
    }
    const RevisionGraph::Built built = merged.build();
    if (!built.problems.empty()) return Doubt{built.problems.front().message};
    return standing_in(built.graph);
  }

 private:
  std::variant<Standing, Doubt> standing_in(const RevisionGraph& whole) const {
    std::vector<RevisionGraph::Index> rows;
    for (const std::string& row : rows_) rows.push_back(whole.find(row).value());
    const std::vector<bool> applied = whole.ancestors(rows);
    Standing standing;
    standing.applied.resize(graph_.revisions().size());
    std::vector<bool> followed(standing.applied.size());
    for (RevisionGraph::Index index = 0; index < standing.applied.size(); ++index) {
      standing.applied[index] = applied[whole.find(graph_.at(index).id).value()];
      if (!standing.applied[index]) continue;
      for (const auto parent : graph_.parents(index)) followed[parent] = true;
      for (const auto needed : graph_.dependencies(index)) followed[needed] = true;
    }
    for (RevisionGraph::Index index = 0; index < followed.size(); ++index) {
      if (standing.applied[index] && !followed[index]) {
        standing.common_base.push_back(graph_.at(index).id);
      }
    }
    std::sort(standing.common_base.begin(), standing.common_base.end());
    for (const auto& [row, covered_by] : whole.redundant(rows)) {
      standing.redundant.push_back({whole.at(row).id, whole.at(covered_by).id});
    }
    std::sort(standing.redundant.begin(), standing.redundant.end());
    return standing;
  }

  const RevisionGraph& graph_;
  const std::vector<std::string>& rows_;
  const std::string ref_;
  const std::vector<Revision> of_ref_;
};

// "at commit A 'c3' is applied, at commit B it is not".
Doubt depends_on_the_commit(const RevisionGraph& graph, const Standing& one, const Standing& other,
                            const std::string& row, const Lineage& first, const Lineage& second) {
  for (RevisionGraph::Index index = 0; index < one.applied.size(); ++index) {
    if (one.applied[index] == other.applied[index]) continue;
    const std::string& with = one.applied[index] ? first.commit : second.commit;
    const std::string& without = one.applied[index] ? second.commit : first.commit;
    return {fmt::format(
        "the ancestors of {} were rewritten: {} is one of them in commit {} and "
        "not in commit {}",
        quoted(row), quoted(graph.at(index).id), with.substr(0, 12), without.substr(0, 12))};
  }
  return {fmt::format("the ancestors of {} are others in commit {} than in commit {}", quoted(row),
                      first.commit.substr(0, 12), second.commit.substr(0, 12))};
}

}  // namespace

const FoundRevision* Elsewhere::find(const std::string& row) const {
  const auto found = std::find_if(search.revisions.begin(), search.revisions.end(),
                                  [&](const FoundRevision& one) { return one.asked == row; });
  return found == search.revisions.end() ? nullptr : &*found;
}

std::variant<Standing, Doubt> stand(const RevisionGraph& graph,
                                    const std::vector<std::string>& rows,
                                    const Elsewhere& elsewhere) {
  std::vector<const FoundRevision*> unknown;
  std::size_t ways = 1;
  for (const std::string& row : rows) {
    if (graph.find(row)) continue;
    const FoundRevision* found = elsewhere.find(row);
    if (std::string because = unknown_because(row, found); !because.empty()) {
      return Doubt{std::move(because)};
    }
    unknown.push_back(found);
    ways *= found->lineages.size();
    if (ways > kMostWays) return Doubt{"the ancestors of the rows were rewritten too often"};
  }
  const Stand stand(graph, rows, printable(elsewhere.ref));
  std::vector<const Lineage*> lineages;
  for (const FoundRevision* found : unknown) lineages.push_back(&found->lineages.front());
  auto first = stand.with(lineages);
  if (std::holds_alternative<Doubt>(first)) return first;
  const Standing& standing = std::get<Standing>(first);
  // Each way to choose one lineage of each row, as the digits of a number.
  for (std::size_t way = 1; way < ways; ++way) {
    std::size_t rest = way, changed = 0;
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      const auto& choices = unknown[i]->lineages;
      lineages[i] = &choices[rest % choices.size()];
      if (lineages[i] != &choices.front()) changed = i;
      rest /= choices.size();
    }
    auto other = stand.with(lineages);
    if (std::holds_alternative<Doubt>(other)) return other;
    const Standing& found = std::get<Standing>(other);
    if (found.applied != standing.applied || found.redundant != standing.redundant) {
      return depends_on_the_commit(graph, standing, found, unknown[changed]->revision,
                                   unknown[changed]->lineages.front(), *lineages[changed]);
    }
  }
  return first;
}

}  // namespace drift::verdict
