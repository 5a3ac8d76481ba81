#include "drift/production/version_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::production {
namespace {

// {table} and {schema} are literals. One row always comes back, so that the role is known even
// where no relation is.
// - current_schemas(true) leaves out what the role has no USAGE on, as name resolution does.
// - row_security_active is true where a policy would filter rows, whatever row_security says.
// - atttypid is zero for a dropped column. Functions that let only reading through are known to
//   refuse any text that has "drop" in it, and attisdropped has.
//   https://www.postgresql.org/docs/15/catalog-pg-attribute.html
// - strpos, because LIKE would take the underscore for a wildcard.
constexpr std::string_view kStatement = R"(
SELECT CURRENT_USER::pg_catalog.text AS role,
       pg_catalog.current_setting('search_path') AS search_path,
       found.*
FROM (SELECT 1) AS always LEFT JOIN (
  SELECT c.oid::pg_catalog.text AS oid,
         n.nspname::pg_catalog.text AS schema,
         c.relname::pg_catalog.text AS name,
         c.relkind::pg_catalog.text AS kind,
         p.position::pg_catalog.text AS path_position,
         CASE WHEN n.oid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()
              THEN 'yes' ELSE 'no' END AS temporary,
         CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
              THEN 'yes' ELSE 'no' END AS schema_usable,
         CASE WHEN a.attnum IS NOT NULL THEN 'yes' ELSE 'no' END AS has_version_num,
         CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT')
                OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
              THEN 'yes' ELSE 'no' END AS readable,
         CASE WHEN pg_catalog.row_security_active(c.oid)
              THEN 'yes' ELSE 'no' END AS rows_may_be_hidden,
         pg_catalog.array_to_string(ARRAY(
           SELECT pg_catalog.quote_ident(every.attname::pg_catalog.text)
           FROM pg_catalog.pg_attribute AS every
           WHERE every.attrelid OPERATOR(pg_catalog.=) c.oid
             AND every.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
             AND every.atttypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
           ORDER BY every.attnum LIMIT 10), ', ') AS columns,
         pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.text AS filenode
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  LEFT JOIN pg_catalog.unnest(pg_catalog.current_schemas(true))
       WITH ORDINALITY AS p(schema, position) ON p.schema OPERATOR(pg_catalog.=) n.nspname
  LEFT JOIN pg_catalog.pg_attribute AS a
       ON a.attrelid OPERATOR(pg_catalog.=) c.oid
       AND a.attname OPERATOR(pg_catalog.=) 'version_num'::pg_catalog.name
       AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
       AND a.atttypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
  WHERE NOT pg_catalog.pg_is_other_temp_schema(n.oid)
    AND (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) {table}::pg_catalog.text
         OR (pg_catalog.strpos(c.relname::pg_catalog.text, 'alembic_version')
               OPERATOR(pg_catalog.>) 0
             AND c.relkind::pg_catalog.text OPERATOR(pg_catalog.=)
                 ANY (ARRAY['r', 'p']::pg_catalog.text[])
             AND a.attnum IS NOT NULL))
  ORDER BY CASE WHEN c.relname::pg_catalog.text OPERATOR(pg_catalog.<>) {table}::pg_catalog.text
                THEN 2
                WHEN n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) {schema}::pg_catalog.text
                THEN 0
                ELSE 1 END,
           p.position NULLS LAST, n.nspname, c.relname
  LIMIT {limit}
) AS found ON true)";

bool is_yes(const std::optional<std::string>& value) { return value == "yes"; }

}  // namespace

std::string Relation::display_name() const {
  return sql::display_identifier(schema) + "." + sql::display_identifier(name);
}

const Relation* VersionCatalog::find(const VersionTableName& name) const {
  const Relation* found = nullptr;
  for (const Relation& relation : relations) {
    if (relation.name != name.table || relation.temporary) continue;
    if (!name.schema.empty()) {
      if (relation.schema == name.schema) return &relation;
      continue;
    }
    if (!relation.path_position) continue;
    if (found == nullptr || *relation.path_position < *found->path_position) found = &relation;
  }
  return found;
}

std::string version_catalog_statement(const VersionTableName& name) {
  return fmt::format(kStatement, fmt::arg("table", sql::quoted_literal(name.table)),
                     fmt::arg("schema", sql::quoted_literal(name.schema)),
                     fmt::arg("limit", kMaxRelations));
}

VersionCatalog parse_version_catalog(const sql::ResultSet& answer) {
  // By name where there are names: a source that hands rows on as JSON objects may sort their keys.
  constexpr std::array<std::string_view, 14> kColumns = {
      "role",     "search_path",        "oid",       "schema",        "name",
      "kind",     "path_position",      "temporary", "schema_usable", "has_version_num",
      "readable", "rows_may_be_hidden", "columns",   "filenode"};
  const auto require = [](bool condition) {
    if (condition) return;
    throw Error{Fault::kSqlFailed, "the catalog's answer has an unexpected shape"};
  };
  std::array<std::size_t, kColumns.size()> at{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    at[i] = i;
    if (answer.columns.empty()) continue;
    const auto found = std::find(answer.columns.begin(), answer.columns.end(), kColumns[i]);
    require(found != answer.columns.end());
    at[i] = static_cast<std::size_t>(found - answer.columns.begin());
  }
  require(!answer.rows.empty());
  VersionCatalog catalog;
  for (const auto& row : answer.rows) {
    require(row.size() == kColumns.size());
    const auto value = [&](std::size_t column) -> const std::optional<std::string>& {
      return row[at[column]];
    };
    require(value(0) && value(1));
    catalog.role = *value(0);
    catalog.search_path = schemas_of_search_path(*value(1), catalog.role);
    if (!value(2)) continue;
    require(value(3) && value(4) && value(5) && value(5)->size() == 1);
    Relation relation;
    relation.oid = *value(2);
    relation.schema = *value(3);
    relation.name = *value(4);
    relation.kind = value(5)->front();
    if (value(6)) {
      int position = 0;
      std::from_chars(value(6)->data(), value(6)->data() + value(6)->size(), position);
      relation.path_position = position;
    }
    relation.temporary = is_yes(value(7));
    relation.schema_usable = is_yes(value(8));
    relation.has_version_num = is_yes(value(9));
    relation.readable = is_yes(value(10));
    relation.rows_may_be_hidden = is_yes(value(11));
    relation.columns = value(12).value_or("");
    relation.filenode = value(13).value_or("");
    catalog.relations.push_back(std::move(relation));
  }
  return catalog;
}

std::vector<std::string> schemas_of_search_path(std::string_view setting, std::string_view role) {
  std::vector<std::string> schemas;
  std::string name;
  bool quoted = false;
  bool in_quotes = false;
  const auto finish = [&] {
    if (!quoted && name.empty()) return;
    schemas.push_back(name == "$user" ? std::string(role) : name);
    name.clear();
    quoted = false;
  };
  for (std::size_t i = 0; i < setting.size(); ++i) {
    const char c = setting[i];
    if (in_quotes) {
      if (c != '"') {
        name += c;
      } else if (i + 1 < setting.size() && setting[i + 1] == '"') {
        name += setting[++i];
      } else {
        in_quotes = false;
      }
    } else if (c == '"') {
      quoted = in_quotes = true;
    } else if (c == ',') {
      finish();
    } else if (c != ' ' && c != '\t' && c != '\n') {
      name += ascii_lower(c);
    }
  }
  finish();
  return schemas;
}

}  // namespace drift::production
