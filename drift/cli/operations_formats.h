// Operations as findings: Markdown, SARIF, JUnit's XML and GitHub's annotations.
#pragma once

#include <string>
#include <vector>

#include "drift/cli/commands.h"
#include "drift/impact/live_tables.h"
#include "drift/pending/pending_operations.h"
#include "drift/report/formats/output.h"

namespace drift::cli {

// A finding for each reason why an operation is what it is; a check for each revision.
// `title`: of the command, "explain".
report::Output operations_as_output(const std::string& title,
                                    const std::vector<pending::RevisionOperations>& revisions,
                                    const impact::LiveTables& live,
                                    std::vector<std::string> warnings);

// --format of explain and pending: text, json, or one of these. Throws Error{kUsage}.
Format operations_format(const config::Options& options);

// Whether the format is one of these.
bool is_form(Format format);
// Requires is_form.
std::string formatted(const report::Output& output, Format format);

}  // namespace drift::cli
