#include "drift/sql_api/health_action.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/production/version_table.h"
#include "drift/schema/catalog/health_reader.h"
#include "drift/schema/health_json.h"
#include "drift/sql/json_text.h"

namespace drift::sql_api {

std::string health_answer(KeptConnection& kept, const Request& request, std::size_t max_bytes,
                          const Stop& stop) {
  production::VersionTableName name;
  if (!request.table.empty()) name.table = request.table;
  name.schema = request.schema;
  schema::Health health;
  try {
    health = schema::read_health(kept.get(stop), name, stop);
  } catch (...) {
    kept.drop();  // it may be within a transaction
    throw;
  }
  kept.used();
  std::string answer = sql::JsonObject().add_json("health", schema::to_json(health)).take();
  if (answer.size() <= max_bytes) return answer;
  throw Error{Fault::kTooManyRows, fmt::format("the answer is larger than {} bytes", max_bytes)};
}

}  // namespace drift::sql_api
