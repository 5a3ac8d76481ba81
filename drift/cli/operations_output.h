// Operations of migrations, as explain prints them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "drift/pending/pending_operations.h"

namespace drift::cli {

nlohmann::ordered_json operations_document(const pending::RevisionOperations& revision);
// {"users": "ACCESS EXCLUSIVE"}
nlohmann::ordered_json locks_document(const pending::Locks& locks);

// A line for each operation; "" for none.
std::string operations_text(const pending::RevisionOperations& revision);
// Which rules were used, how many operations were read, and what stays unknown.
std::string operations_summary(const pending::UpgradeOperations& operations, int server_version,
                               bool said);

}  // namespace drift::cli
