// Findings that another one already tells.
#pragma once

#include <functional>
#include <vector>

#include "drift/schema/comparison.h"

namespace drift::schema {

// Where (schema, table) inherits from, or is a partition of: (schema, table) pairs.
using Parents = std::function<std::vector<std::pair<std::string, std::string>>(
    const std::string& schema, const std::string& table)>;

// Takes away what follows from another finding: what is in a missing schema, on a missing table, a
// constraint's index, the sequence of a column, the columns of a view whose query changed, what a
// partition has from its parent, that it has it from another one, and the family of an operator
// class.
void fold(std::vector<Finding>& findings, const Parents& parents);

}  // namespace drift::schema
