// PostgreSQL's text format of arrays.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace drift::sql_api {

// Tells what `text` holds in its order: '[' and ']' where a dimension begins and ends, ',' between
// two elements, and each element unquoted, nothing for NULL. Lower bounds ("[0:2]={...}") are
// passed over. False for a text that is no array of that form; what was told is then of no use.
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
bool read_array(std::string_view text, char delimiter, const std::function<void(char)>& mark,
                const std::function<void(std::optional<std::string_view>)>& element);

}  // namespace drift::sql_api
