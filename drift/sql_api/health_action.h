// The action "health": what is wrong with the schema by itself.
#pragma once

#include <cstddef>
#include <string>

#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/request.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

// {"health": {"coverage", "counts", "findings"}} as drift/schema/health_json.h has it. `table` and
// `schema` of the request name the version table. Throws Error{kTooManyRows} beyond `max_bytes`,
// and what schema::read_health throws.
std::string health_answer(KeptConnection& kept, const Request& request, std::size_t max_bytes,
                          const Stop& stop);

}  // namespace drift::sql_api
