// One version table in each of many schemas: a tenant each.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "drift/base/error.h"
#include "drift/production/version_table.h"

namespace drift::sql {
class SqlSource;
}

namespace drift::production {

struct Tenant {
  std::string schema;
  VersionTable table;            // where it was read
  std::optional<Error> failure;  // else why not
};

struct Tenants {
  std::string database;         // SqlSource::description()
  std::vector<Tenant> tenants;  // by the bytes of their schemas
  std::vector<std::string> warnings;
};

// Whether `schemas` names tenants: more than one, or a pattern.
bool names_tenants(const std::vector<std::string>& schemas);

// Reads `table` in the schemas that `schemas` names. In a pattern '*' stands for any characters.
// - A schema that is named without a pattern is a tenant, whether it is there or not.
// - One that a pattern takes is a tenant; PostgreSQL's own (pg_..., information_schema) are not.
// - A pattern of '*' alone takes those that have the table: a database has schemas that are
//   nobody's. How many have not is a warning.
// The catalog is asked once, then all rows in one statement for each 500 schemas, each of those in
// a transaction of its own: a lock on every table of thousands would take what other sessions need.
// What keeps one tenant from being read is that tenant's failure. Where nothing was found at all,
// throws Error{kSqlFailed}; and as read_version_table for what concerns all of them.
Tenants read_tenants(sql::SqlSource& source, const std::string& table,
                     const std::vector<std::string>& schemas);

inline constexpr std::size_t kMaxTenants = 10'000;

}  // namespace drift::production
