// The version rows that stand in the header of a snapshot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/base/error.h"
#include "drift/production/version_table.h"
#include "drift/schema/snapshot.h"
#include "drift/sql/sql_source.h"

namespace drift::schema {

struct VersionRows {
  std::string table;
  std::optional<std::vector<std::string>> rows;
  std::string state{kRead};
};

// A table that may not be read is a state. Throws what is lost, late or interrupted.
VersionRows read_version_rows(sql::SqlSource& source, const production::VersionTableName& name);

// As both times found them. Throws Error{kSqlFailed} where they are not the same: a deploy is in
// progress.
void take_over_rows(const VersionRows& first, const VersionRows& last, const std::string& where,
                    Header& header);

// Of a catalog that was read so many times and moved each time.
Error never_still(const std::string& where, int tries, const std::string& moved);

}  // namespace drift::schema
