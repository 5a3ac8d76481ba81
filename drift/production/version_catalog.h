// What PostgreSQL's catalog knows of a version table and of those that look like one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::sql {
class SqlSource;
struct ResultSet;
struct SqlFailure;
}  // namespace drift::sql

namespace drift::production {

struct VersionTableName;

// What the statement lists at most: a database with a schema for each tenant has thousands.
inline constexpr std::size_t kMaxRelations = 1'000;

struct Relation {
  std::string oid;
  std::string schema;
  std::string name;
  char kind = 'r';  // pg_class.relkind
  // Position of its schema in the active search_path, from 1; nothing where it is not on it.
  std::optional<int> path_position;
  bool temporary = false;  // this session's; those of others are left out
  bool schema_usable = false;
  bool has_version_num = false;
  bool readable = false;  // SELECT on the table or on version_num
  bool rows_may_be_hidden = false;
  std::string columns;   // "id, version", for people
  std::string filenode;  // changes when the table is truncated or rewritten; "" where it has none

  std::string display_name() const;
};

struct VersionCatalog {
  std::string role;
  // The schemas that the role's search_path names, whether they exist and may be used or not.
  std::vector<std::string> search_path;
  // Those of the very name first, by search_path, then the lookalikes.
  std::vector<Relation> relations;

  // The relation that `name` means, temporary tables passed over.
  const Relation* find(const VersionTableName& name) const;
};

// The one statement. It trusts no search_path: whoever may create objects in a schema on it could
// otherwise have our questions answered by functions and operators of their own.
// https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATH
std::string version_catalog_statement(const VersionTableName& name);

// The answer to it. Throws Error{kSqlFailed} for an answer of another shape.
VersionCatalog parse_version_catalog(const sql::ResultSet& answer);

// The names in a setting of search_path, `$user` replaced by `role`.
std::vector<std::string> schemas_of_search_path(std::string_view setting, std::string_view role);

}  // namespace drift::production
