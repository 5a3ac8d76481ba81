// Where a big read goes on. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drift::sql_api {

// What the pages of one read have in common.
struct PagedRead {
  std::string database, sql, params;  // params as JSON
};

// The text that stands for "`position` rows of this read have been seen". It holds no secret and
// guards nothing: whoever may send the statement may see all of its rows. Its checksum is there so
// that a cursor of another statement, or a damaged one, skips no rows in silence.
std::string page_cursor(const PagedRead& read, std::size_t position);

// The position in `cursor`. Throws Error{kUsage} for a text that is no cursor of this read.
std::size_t position_of(const std::string& cursor, const PagedRead& read);

}  // namespace drift::sql_api
