// "Did you mean": the known word nearest to one that is not known.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

// Edits that make `a` into `b`: an insertion, a deletion, a change, or a swap of neighbours
// (optimal string alignment); upper and lower case of ASCII are no difference. limit + 1 where
// there are more than `limit`, or where either has more than 128 bytes.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The candidate with the smallest edit_distance to `word`, the first of equals, or "" where none is
// near enough to be a likely slip: a third of the length of `word`, at least one and at most four
// edits. Case is no difference, so "Main" finds "main". Candidates longer than 128 bytes are passed
// over.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace drift
