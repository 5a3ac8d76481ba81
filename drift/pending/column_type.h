// Types of columns, and which changes of them PostgreSQL makes without writing the table anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace drift::pending {

struct ColumnType {
  std::string name;           // as pg_type has it: "int4", "varchar"; "" where it is not known
  std::vector<int> modifier;  // {length}, {precision, scale}, {precision}
  bool array = false;
  bool serial = false;  // a default of nextval() comes with it
  bool checked_domain = false;

  bool known() const { return !name.empty(); }
};

// Of a name that PostgreSQL's grammar or SQLAlchemy uses: "integer" gives "int4".
std::string type_name(const std::string& written);

// Whether a type of this name comes with PostgreSQL or an extension that everybody has, so that it
// is no domain.
bool is_plain_type(const std::string& name);

// Whether ALTER COLUMN ... TYPE writes the table anew. Nothing where one of the types is not known.
// `server_version`: 11 to 18. Measured; the rules are those of ATColumnChangeRequiresRewrite in
// PostgreSQL's tablecmds.c and of the casts' support functions. timestamp and timestamptz: as where
// TimeZone is UTC, see `depends_on_time_zone`.
std::optional<bool> rewritten_by(const ColumnType& from, const ColumnType& to, int server_version);

bool depends_on_time_zone(const ColumnType& from, const ColumnType& to);

}  // namespace drift::pending
