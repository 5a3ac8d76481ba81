#include "drift/schema/catalog/function_health.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/schema/catalog/own_function.h"
#include "drift/schema/health_json.h"
#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"

namespace drift::schema {

Health function_health(aws::Session& session, const std::string& function,
                       const production::VersionTableName& table, const Stop& stop) {
  const FunctionQuestion question{"health",
                                  sql::JsonObject()
                                      .add("action", "health")
                                      .add("table", table.table)
                                      .add_if_any("schema", table.schema)
                                      .take(),
                                  "does not tell the health of its schema", ""};
  const auto read = sql::read_json(*ask_own_function(session, function, question, stop));
  const auto* value = std::get_if<sql::JsonValue>(&read);
  const sql::JsonValue* answer = value == nullptr ? nullptr : value->find("health");
  if (value != nullptr && answer == nullptr) {
    function_does_not(function, fmt::format("{}: its answer is {}", question.refused,
                                            sql::description_of(*value)));
  }
  std::optional<Health> health;
  if (answer != nullptr) health = read_health_json(*answer);
  if (health) return std::move(*health);
  throw Error{Fault::kSqlApiFailed,
              fmt::format("{} answered no health that is understood", function_in_words(function)),
              "it must be schema-drift's own SQL API, of this version or a later one"};
}

}  // namespace drift::schema
