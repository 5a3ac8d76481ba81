// From what went wrong to the report's `failure`.
#pragma once

#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "drift/report/report.h"
#include "migrations/alembic/problem.h"

namespace drift::check {

// `side` ("repository", "production", "run") is the stage where the fault alone does not tell.
report::Failure failure_of(const Error& error, std::string_view side);

// The first problem, with the number of the others in its message.
// Requires: not empty.
report::Failure failure_of(const std::vector<migrations::Problem>& problems);

}  // namespace drift::check
