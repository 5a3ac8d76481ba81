#include "migrations/graph_cycles.h"

#include <algorithm>
#include <numeric>

namespace drift::migrations {
namespace {

using Nodes = std::vector<std::uint32_t>;

// What remains after taking away, again and again, every node all of whose parents are gone: the
// cycles and what hangs on them. Each remaining node has a parent that remains too.
std::vector<bool> unresolvable(const std::vector<Nodes>& parents) {
  // The children of all nodes in one list: those of a node begin at first_child[node] and end where
  // the next node's begin. A list for each would be as many allocations.
  Nodes first_child(parents.size() + 1);
  for (const Nodes& of_one : parents) {
    for (const std::uint32_t parent : of_one) ++first_child[parent];
  }
  std::partial_sum(first_child.begin(), first_child.end(), first_child.begin());
  Nodes children(first_child.back());
  Nodes waiting_for(parents.size());
  Nodes free_nodes;
  for (std::uint32_t node = 0; node < parents.size(); ++node) {
    for (const std::uint32_t parent : parents[node]) children[--first_child[parent]] = node;
    waiting_for[node] = static_cast<std::uint32_t>(parents[node].size());
    if (parents[node].empty()) free_nodes.push_back(node);
  }
  std::vector<bool> remains(parents.size(), true);
  while (!free_nodes.empty()) {
    const std::uint32_t node = free_nodes.back();
    free_nodes.pop_back();
    remains[node] = false;
    for (std::uint32_t i = first_child[node]; i < first_child[node + 1]; ++i) {
      if (--waiting_for[children[i]] == 0) free_nodes.push_back(children[i]);
    }
  }
  return remains;
}

}  // namespace

std::vector<Nodes> find_cycles(const std::vector<Nodes>& parents) {
  const std::vector<bool> remains = unresolvable(parents);
  std::vector<Nodes> cycles;
  // Walk from each node along its first remaining parent. A walk ends where it meets itself, which
  // is a cycle, or an earlier walk, whose cycle is known.
  Nodes walk_of(parents.size(), 0);
  std::uint32_t walk = 0;
  for (std::uint32_t start = 0; start < parents.size(); ++start) {
    if (!remains[start] || walk_of[start] != 0) continue;
    ++walk;
    Nodes path;
    std::uint32_t node = start;
    while (walk_of[node] == 0) {
      walk_of[node] = walk;
      path.push_back(node);
      node = *std::find_if(parents[node].begin(), parents[node].end(),
                           [&remains](std::uint32_t parent) { return remains[parent]; });
    }
    if (walk_of[node] != walk) continue;
    Nodes cycle(std::find(path.begin(), path.end(), node), path.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    cycles.push_back(std::move(cycle));
  }
  std::sort(cycles.begin(), cycles.end());
  return cycles;
}

}  // namespace drift::migrations
