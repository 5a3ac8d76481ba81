// What a person reads when a statement fails.
#pragma once

#include <string>
#include <string_view>

#include "drift/query/answer.h"

namespace drift::query {

//   schema-drift: error: column "nmae" does not exist (42703)
//   LINE 2: WHERE nmae = 1
//                 ^
//     detail: ...
//     hint: ...
// The line and the caret as psql shows them, where the position is known; a long line is cut around
// it. Everything is printable.
std::string refusal_text(const Refusal& refusal, std::string_view statement);

}  // namespace drift::query
