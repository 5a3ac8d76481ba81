// A snapshot through the SQL API's function.
#pragma once

#include <string>

#include "drift/production/version_table.h"

namespace drift {
class Stop;
}
namespace drift::aws {
class Session;
}

namespace drift::schema {

// The document that the function gives for {"action": "snapshot"}, page by page. Begins again,
// twice at most, where the schema changes between two pages. Throws Error{kUnsupported} for a SQL
// API that does not know the action, Error{kSqlApiFailed} for an answer that is none, what the
// function says went wrong, and what aws::invoke throws.
std::string function_snapshot(aws::Session& session, const std::string& function,
                              const production::VersionTableName& table, const Stop& stop);

}  // namespace drift::schema
