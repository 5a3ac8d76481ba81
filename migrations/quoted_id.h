// How messages show a revision id, a branch label or a version row.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

// 'id' between single quotes; one longer than 100 bytes is cut at a character and ends in "...",
// for an id comes from a file or a table that may hold anything.
std::string quoted_id(std::string_view id);

// "'a'", "'a' and 'b'", "'a', 'b' and 'c'"; of more than `at_most` the first ones and
// "and 7 more".
std::string quoted_ids(const std::vector<std::string>& ids, std::size_t at_most = 10);

}  // namespace drift::migrations
