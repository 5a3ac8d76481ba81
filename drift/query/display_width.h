// How wide text is on a terminal.
#pragma once

#include <cstddef>
#include <string_view>

namespace drift::query {

// Columns that `text` (printable, see drift/base/printable.h) takes: two for each wide character,
// none for combining ones.
std::size_t display_width(std::string_view text);

}  // namespace drift::query
