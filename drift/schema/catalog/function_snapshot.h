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
// API that gives none (another's, or an older one of ours), Error{kSqlApiFailed} for a snapshot
// that is damaged and for what our own function says went wrong, and what aws::invoke throws.
std::string function_snapshot(aws::Session& session, const std::string& function,
                              const production::VersionTableName& table, const Stop& stop);

// The same; and where the function gives none, what can be read through its queries
// (query_snapshot.h). Throws Error{kUnsupported} where that is nothing, with both reasons.
std::string snapshot_through_function(aws::Session& session, const std::string& function,
                                      const production::VersionTableName& table, const Stop& stop);

}  // namespace drift::schema
