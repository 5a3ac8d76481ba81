// What production says of its schema version: the rows of alembic_version.
#pragma once

#include <cstddef>
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
  // version_num of every row, sorted by bytes, repetitions kept. Always valid UTF-8.
  std::vector<std::string> rows;
  // Other tables that look like a version table, "schema.table", sorted; where `exists` is false
  // and one of them has the very name that was looked for, it stands first. At most kMaxElsewhere.
  std::vector<std::string> elsewhere;
  std::string database;  // SqlSource::description()
  // The source's own, then what is odd about the table, then which others there are.
  std::vector<std::string> warnings;
};

// Asks the catalog where the table is, whether we may read it and what its column is, then reads
// it: two statements, and a third where no row was found. At most `kMaxRows` rows.
// Temporary tables are passed over: through a pooler they may be another client's.
// A table that the search_path hides from a role without USAGE on its schema is no missing table
// but kPermissionDenied, and so are rows that row level security may hide.
// Throws Error{kPermissionDenied, kWrongColumn (also a relation that is no table, and a value that
// can be no revision), kNullRow, kTooManyRows, kTimedOut (the table is locked), kSqlFailed} and
// whatever the source throws. A missing table is a value, never an error.
VersionTable read_version_table(sql::SqlSource& source, const VersionTableName& name);

inline constexpr std::size_t kMaxRows = 100'000;
inline constexpr std::size_t kMaxElsewhere = 100;

}  // namespace drift::production
