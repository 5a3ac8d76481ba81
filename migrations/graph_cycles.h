// Cycles of a directed graph, for the message that names their members.
#pragma once

#include <cstdint>
#include <vector>

namespace drift::migrations {

// `parents[n]` are the nodes that node n points to. Returns cycles that share no node, each from
// its smallest member along the arrows: {a, b, c} says a points to b, b to c and c to a. At least
// one where there is any; cycles that cross a returned one show themselves once that is mended.
// Linear, no recursion.
std::vector<std::vector<std::uint32_t>> find_cycles(
    const std::vector<std::vector<std::uint32_t>>& parents);

}  // namespace drift::migrations
