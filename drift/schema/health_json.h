// Health as the SQL API's function answers it.
#pragma once

#include <optional>
#include <string>

#include "drift/schema/health.h"

namespace drift::sql {
struct JsonValue;
}

namespace drift::schema {

// {"coverage": {kind: "read"}, "counts": {kind: 2}, "findings": [{"kind", "severity",
// "fingerprint", "message", "action", "subjects"}]}
std::string to_json(const Health& health);

// Of such an object. Nothing where it is none: whatever is missing or of another kind, and what no
// health holds. Kinds that this version does not know are passed over, and those that the other
// does not tell of are `not checked`.
std::optional<Health> read_health_json(const sql::JsonValue& object);

}  // namespace drift::schema
