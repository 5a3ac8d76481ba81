// One target for each database of a server that a query names.
#pragma once

#include <string>
#include <vector>

#include "drift/check/check.h"

namespace drift::check {

// `targets`, with each that has a `databases_from` in the place of as many as the query names: the
// same but for the database, and named TARGET-DATABASE with '-' for each character that a target's
// name cannot have. The queries are asked side by side, in READ ONLY transactions, each for no
// longer than a target may take. Where one fails, names no database or too many, or would give two
// targets one name, its target stays, with what went wrong as `impossible`.
std::vector<Target> expanded(const std::vector<Target>& targets, const Run& run,
                             const FleetLimits& limits);

// The target of `database`. Pure.
std::string name_of_expanded(const std::string& target, const std::string& database);

}  // namespace drift::check
