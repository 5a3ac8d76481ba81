// "Did you mean": the known word nearest to one that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift {

// The candidate with the smallest Damerau-Levenshtein distance (adjacent swaps count once) to
// `word`, the first of equals, or "" where none is near enough to be a likely slip: a third of the
// length of `word`, at least one and at most four edits. Case is no difference, so "Main" finds
// "main". Candidates longer than 128 bytes are passed over.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace drift
