// Health through the SQL API's function.
#pragma once

#include <string>

#include "drift/production/version_table.h"
#include "drift/schema/health.h"

namespace drift {
class Stop;
}
namespace drift::aws {
class Session;
}

namespace drift::schema {

// What the function gives for {"action": "health"}: one invocation. Throws Error{kUnsupported} for
// a SQL API that does not know it, Error{kSqlApiFailed} for an answer that is none and for what our
// own function says went wrong, and what aws::invoke throws.
Health function_health(aws::Session& session, const std::string& function,
                       const production::VersionTableName& table, const Stop& stop);

}  // namespace drift::schema
