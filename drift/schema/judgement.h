// Which differences fail, and why the others do not.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "drift/schema/comparison.h"

namespace drift::schema {

// Decides `fails`, `why_not_failing` and `severity` of each. Owners, privileges of roles that the
// expected side does not name (`known_roles`: those that it names), default privileges, the
// privileges of schema public, the versions of extensions, tablespaces and partitions that nobody
// declared differ between a production database and one of CI without anybody's fault; indexes
// made by hand, comments, settings of storage and statistics, publications, more schemas and
// extensions than expected are for a person to know. All else fails.
void judge(std::vector<Finding>& findings, const std::set<std::string>& known_roles, bool strict);

}  // namespace drift::schema
