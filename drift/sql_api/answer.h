// What a request is answered that cannot be done.
#pragma once

#include <string>
#include <string_view>

#include "drift/base/error.h"
#include "drift/sql/postgres.h"

namespace drift::sql_api {

// {"error": {"type", "message", "hint"}} with the type that docs/sql-api.md names for the fault.
std::string error_answer(const Error& error);

// The same with a type that is no fault's.
std::string error_answer(std::string_view type, std::string_view message, std::string_view hint);

// {"error": {"type": "sql_failed", "sqlstate", "message", "detail", "hint", "position"}}, as much
// of it as the server gave.
std::string error_answer(const sql::ServerError& error);

}  // namespace drift::sql_api
