// The values of an answer as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "drift/sql/strict_json.h"

namespace drift::query {

// As psql shows it: t and f, numbers as they were written, strings as they are; lists and objects
// as JSON. "" for null.
std::string cell_text(const sql::JsonValue& value);

// Appends `value` as JSON without blanks; numbers keep their digits.
void append_json(std::string& json, const sql::JsonValue& value);
void append_json_string(std::string& json, std::string_view text);

// Columns of a terminal that `text` (printable, see drift/base/printable.h) takes: two for each
// wide character, none for combining ones.
std::size_t display_width(std::string_view text);

}  // namespace drift::query
