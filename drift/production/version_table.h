// What production says of its schema version: the rows of alembic_version.
#pragma once

#include <string>
#include <vector>

namespace drift::sql {
class SqlSource;
}

namespace drift::production {

// env.py decides these in Alembic, so they are options here.
struct VersionTableName {
  std::string table = "alembic_version";
  std::string schema;  // "" leaves it to the search_path, as Alembic does

  bool operator==(const VersionTableName&) const = default;
};

struct VersionTable {
  bool exists = false;
  std::string schema;  // as found, or as asked for
  std::string table;
  // Where it was found (or looked for), for people: "public.alembic_version".
  std::string qualified_name;
  // version_num of every row, sorted by bytes, repetitions kept.
  std::vector<std::string> rows;
  // Other tables that look like a version table, "schema.table", sorted; where `exists` is false
  // and one of them has the very name that was looked for, it stands first.
  std::vector<std::string> elsewhere;
  std::string database;  // SqlSource::description()
  std::vector<std::string> warnings;
};

// Asks the catalog where the table is, whether we may read it and what its column is, then reads
// it. At most `kMaxRows` rows.
// Throws Error{kPermissionDenied, kWrongColumn, kNullRow, kTooManyRows, kSqlFailed} and whatever
// the source throws. A missing table is a value, never an error.
VersionTable read_version_table(sql::SqlSource& source, const VersionTableName& name);

inline constexpr std::size_t kMaxRows = 100'000;

}  // namespace drift::production
