// Operations of migrations, as explain prints them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "drift/check/impact_reading.h"
#include "drift/cli/commands.h"
#include "drift/pending/pending_operations.h"

namespace drift::cli {

// A line for each operation; "" for none.
std::string operations_text(const pending::RevisionOperations& revision);
// Which rules were used, how many operations were read, and what stays unknown.
std::string operations_summary(const check::JudgedOperations& judged, bool said);

// Reads the tables of the database that the options name; nothing where they name none.
// Throws as config::database_settings.
check::TablesReader tables_of(const Context& context, const config::Options& options);
// The same, and reads the version rows into `rows`.
check::TablesReader tables_of(const Context& context, const config::Options& options,
                              std::shared_ptr<check::VersionRows> rows);

// --fail-on; nothing where it was not given. Throws Error{kUsage}.
std::optional<pending::Severity> fail_on(const config::Options& run);

}  // namespace drift::cli
