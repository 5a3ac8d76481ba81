// A statement that failed: what a person reads, and what became of it.
#pragma once

#include <string>
#include <string_view>

#include "drift/sql/api_client_answer.h"

namespace drift::query {

//   schema-drift: error: column "nmae" does not exist (42703)
//   LINE 2: WHERE nmae = 1
//                 ^
//     detail: ...
//     hint: ...
// The line and the caret as psql shows them, where the position is known; a long line is cut around
// it. Hints of our own SQL API that speak of a request's keys speak of options here. Everything is
// printable.
std::string refusal_text(const sql::ApiRefusal& refusal, std::string_view statement);

// Whether the rows were more than one answer holds, so that they can be asked for in pages.
bool is_too_large(const sql::ApiRefusal& refusal);

// Whether a query was refused that only a change can carry out: it calls a function that no query
// may, or locks rows.
bool needs_change(const sql::ApiRefusal& refusal);

// Whether the database could not be asked at all.
bool is_unreachable(const sql::ApiRefusal& refusal);

}  // namespace drift::query
