// How messages show a piece of a file, a revision id, a branch label or a version row.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

// 'text' between single quotes, as drift::shortened has it.
std::string quoted(std::string_view text);

// "'a'", "'a' and 'b'", "'a', 'b' and 'c'"; of more than `at_most` the first ones and
// "and 7 more".
std::string quoted(const std::vector<std::string>& texts, std::size_t at_most = 10);

}  // namespace drift
