// Types that only the catalog of a database knows: its enums, domains, composites, and arrays.
#pragma once

#include <cstdint>
#include <vector>

#include "drift/sql/postgres.h"
#include "drift/sql_api/answer.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

// Puts what the catalog says of each of `oids` into `types`, in whatever transaction the connection
// is. A domain has its own name and the notation of the type below it; what was dropped meanwhile
// is named by its number. Throws as Connection::run, and Error{kSqlFailed}.
void learn_types(sql::Connection& connection, TypeCache& types,
                 const std::vector<std::uint32_t>& oids, const Stop& stop);

}  // namespace drift::sql_api
