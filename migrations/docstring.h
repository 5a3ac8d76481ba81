// What the docstring of a migration says about it: shown to people, never believed.
#pragma once

#include <string>
#include <string_view>

namespace drift::migrations {

// The message: the first paragraph, as Alembic's `history` shows it; "" where there is none.
std::string docstring_message(std::string_view docstring);

// What stands behind "Create Date:", as written; "" where there is none.
std::string docstring_create_date(std::string_view docstring);

}  // namespace drift::migrations
