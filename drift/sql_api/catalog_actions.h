// The actions that ask the catalog: tables, schema, count, version, health_check.
#pragma once

#include <cstddef>
#include <string>

#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/request.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

// The answer to a request for one of them; docs/sql-api.md describes each. A table is looked up in
// the catalog, and what was found there is what stands, quoted, in the statement that counts.
// Throws as drift/sql_api/reading.h, and Error{kUsage} for a name that is none.
std::string catalog_answer(KeptConnection& kept, const Request& request, std::size_t max_bytes,
                           const Stop& stop);

}  // namespace drift::sql_api
