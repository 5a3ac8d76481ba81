// Operations and the tables that they are about, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "drift/impact/live_tables.h"
#include "drift/pending/operation.h"
#include "drift/pending/pending_operations.h"

namespace drift::impact {

// With the time that it takes where `live` was read, and whom it keeps waiting where that was
// asked.
nlohmann::ordered_json operation_json(const pending::Operation& operation, const LiveTables& live);
// Of all its operations.
nlohmann::ordered_json revision_json(const pending::RevisionOperations& revision,
                                     const LiveTables& live);
// {"users": "ACCESS EXCLUSIVE"}
nlohmann::ordered_json locks_json(const pending::Locks& locks);
// {"read": true, "because": null, "tables": {"users": {...}}}
nlohmann::ordered_json tables_json(const LiveTables& live);

}  // namespace drift::impact
