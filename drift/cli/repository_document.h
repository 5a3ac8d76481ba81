// The part that the JSON of `heads` and `history` has in common.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "drift/check/codebase.h"
#include "drift/cli/commands.h"

namespace drift::cli {

// Reads the codebase that the call names.
// Throws what read_codebase throws, and the first of the graph's problems as an Error whose hint
// lists the others: a graph with problems has no heads and no history.
check::Codebase read_sound_codebase(const Context& context);

// {repository, ref, commit, script_location}
nlohmann::ordered_json repository_document(const Context& context, const check::Codebase& codebase);

// Warnings on standard error, where JSON does not carry them.
void log_warnings(const Context& context, const check::Codebase& codebase);

std::vector<std::string> ids(const migrations::RevisionGraph& graph,
                             const std::vector<migrations::RevisionGraph::Index>& indices);

// JSON strings are UTF-8, whatever a repository holds.
std::vector<std::string> valid_utf8(const std::vector<std::string>& texts);

}  // namespace drift::cli
