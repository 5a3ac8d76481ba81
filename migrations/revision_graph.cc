#include "migrations/revision_graph.h"

#include <algorithm>
#include <queue>

namespace drift::migrations {

std::optional<RevisionGraph::Index> RevisionGraph::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> RevisionGraph::abbreviated_by(std::string_view prefix,
                                                       std::size_t at_most) const {
  // Ids that share a prefix stand next to each other, so a lookup costs what it returns: a version
  // table may hold thousands of unknown rows.
  auto candidate =
      std::lower_bound(sorted_.begin(), sorted_.end(), prefix,
                       [this](Index index, std::string_view key) { return at(index).id < key; });
  std::vector<std::string> ids;
  for (; candidate != sorted_.end() && ids.size() < at_most; ++candidate) {
    const std::string& id = at(*candidate).id;
    if (!id.starts_with(prefix)) break;
    ids.push_back(id);
  }
  return ids;
}

std::optional<RevisionGraph::Index> RevisionGraph::declares_label(std::string_view label) const {
  const auto found = label_owner_.find(label);
  if (found == label_owner_.end()) return std::nullopt;
  return found->second;
}

void RevisionGraph::sort_by_id(std::vector<Index>& indices) const {
  std::sort(indices.begin(), indices.end(),
            [this](Index left, Index right) { return at(left).id < at(right).id; });
}

std::map<std::string, std::vector<RevisionGraph::Index>> RevisionGraph::branch_labels() const {
  std::map<std::string, std::vector<Index>> labels;
  // A round of its own for each label saves clearing the marks in between.
  std::vector<std::uint32_t> reached_in_round(revisions_.size(), 0);
  std::uint32_t round = 0;
  for (const auto& [label, owner] : label_owner_) {
    ++round;
    std::vector<Index>& carriers = labels[label];
    Index last = owner;
    std::vector<Index> todo{owner};
    while (!todo.empty()) {
      const Index index = todo.back();
      todo.pop_back();
      if (reached_in_round[index] == round) continue;
      reached_in_round[index] = round;
      carriers.push_back(index);
      last = index;
      todo.insert(todo.end(), children_[index].begin(), children_[index].end());
    }
    // RevisionMap._add_branches climbs from the last descendant that it happened to visit, not from
    // the owner. Whichever that is, the climb leaves the descendants only where they are a single
    // chain without a branch or merge point, and stops among them otherwise, so the order of the
    // visit does not matter. Being named in depends_on counts as a branch here.
    while (all_children_[last].size() <= 1 && down_[last].size() <= 1) {
      if (reached_in_round[last] != round) carriers.push_back(last);
      if (down_[last].empty()) break;
      last = down_[last].front();
    }
    sort_by_id(carriers);
  }
  return labels;
}

std::vector<RevisionGraph::Index> RevisionGraph::upgrade_order() const {
  // Kahn's algorithm; the queue gives the smallest index first, and indices follow the paths.
  std::vector<std::uint32_t> waiting_for(revisions_.size(), 0);
  for (const std::vector<Index>& children : all_children_) {
    for (const Index child : children) ++waiting_for[child];
  }
  std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
  for (Index index = 0; index < revisions_.size(); ++index) {
    if (waiting_for[index] == 0) ready.push(index);
  }
  std::vector<Index> order;
  order.reserve(revisions_.size());
  while (!ready.empty()) {
    const Index index = ready.top();
    ready.pop();
    order.push_back(index);
    for (const Index child : all_children_[index]) {
      if (--waiting_for[child] == 0) ready.push(child);
    }
  }
  return order;
}

std::vector<bool> RevisionGraph::ancestors(const std::vector<Index>& of) const {
  std::vector<bool> marked(revisions_.size(), false);
  std::vector<Index> todo = of;
  while (!todo.empty()) {
    const Index index = todo.back();
    todo.pop_back();
    if (marked[index]) continue;
    marked[index] = true;
    todo.insert(todo.end(), down_[index].begin(), down_[index].end());
    todo.insert(todo.end(), depends_[index].begin(), depends_[index].end());
  }
  return marked;
}

std::vector<RevisionGraph::Index> RevisionGraph::pending(const std::vector<Index>& rows) const {
  // Without cycles every revision is an ancestor of an effective head, so "all of them" is the set
  // to subtract from.
  const std::vector<bool> applied = ancestors(rows);
  std::vector<Index> order = upgrade_order();
  order.erase(std::remove_if(order.begin(), order.end(),
                             [&applied](Index index) { return applied[index]; }),
              order.end());
  return order;
}

std::vector<RevisionGraph::Redundant> RevisionGraph::redundant(
    const std::vector<Index>& rows) const {
  // Everything that some row reaches by at least one edge. Without cycles a row among it is reached
  // from another row.
  std::vector<Index> below;
  for (const Index row : rows) {
    below.insert(below.end(), down_[row].begin(), down_[row].end());
    below.insert(below.end(), depends_[row].begin(), depends_[row].end());
  }
  const std::vector<bool> implied = ancestors(below);

  std::vector<Index> standing;
  std::vector<Redundant> redundant_rows;
  for (const Index row : rows) {
    if (implied[row]) {
      redundant_rows.push_back({row, row});
    } else {
      standing.push_back(row);
    }
  }
  if (redundant_rows.empty()) return redundant_rows;

  // One walk for all: what an earlier standing row has reached needs no second visit, for its rows
  // have their witness already.
  sort_by_id(standing);
  std::vector<Index> witness(revisions_.size());
  std::vector<bool> visited(revisions_.size(), false);
  for (const Index row : standing) {
    std::vector<Index> todo{row};
    while (!todo.empty()) {
      const Index index = todo.back();
      todo.pop_back();
      if (visited[index]) continue;
      visited[index] = true;
      witness[index] = row;
      todo.insert(todo.end(), down_[index].begin(), down_[index].end());
      todo.insert(todo.end(), depends_[index].begin(), depends_[index].end());
    }
  }
  for (Redundant& entry : redundant_rows) entry.covered_by = witness[entry.row];
  std::sort(redundant_rows.begin(), redundant_rows.end(),
            [this](const Redundant& left, const Redundant& right) {
              return at(left.row).id < at(right.row).id;
            });
  return redundant_rows;
}

}  // namespace drift::migrations
