#include "drift/production/version_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/error.h"
#include "drift/production/reading.h"
#include "drift/production/version_catalog.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::production {
namespace {

using sql::display_identifier;

constexpr std::size_t kNamedElsewhere = 10;

// "Not found" is the truth only where the search_path hides nothing: a schema that it names but
// the role may not use is skipped silently by PostgreSQL.
void refuse_hidden(const VersionCatalog& catalog, const VersionTableName& name) {
  if (!name.schema.empty()) return;
  for (const Relation& relation : catalog.relations) {
    const auto& path = catalog.search_path;
    if (relation.name != name.table || relation.temporary || relation.schema_usable ||
        std::find(path.begin(), path.end(), relation.schema) == path.end()) {
      continue;
    }
    throw Error{
        Fault::kPermissionDenied,
        fmt::format("role {} may not use schema {}, where {} is", display_identifier(catalog.role),
                    display_identifier(relation.schema), display_identifier(relation.name)),
        fmt::format("GRANT USAGE ON SCHEMA {} TO {}", display_identifier(relation.schema),
                    display_identifier(catalog.role))};
  }
}

void read_rows(sql::SqlSource& source, const Relation& relation, const std::string& role,
               VersionTable& into) {
  const std::string& table = into.qualified_name;
  // No ONLY: Alembic's own SELECT sees the rows of inheriting tables too.
  const sql::ResultSet answer =
      ask(source,
          fmt::format("SELECT pg_catalog.left(v.version_num::pg_catalog.text, {}) AS version_num "
                      "FROM {}.{} AS v LIMIT {}",
                      kMaxRowBytes + 1, sql::quoted_identifier(relation.schema),
                      sql::quoted_identifier(relation.name), kMaxRows + 1),
          table, role);
  if (answer.rows.size() > kMaxRows) {
    throw Error{Fault::kTooManyRows, fmt::format("{} holds more than {} rows", table, kMaxRows),
                "it is not Alembic's: --version-table names another table, as in env.py"};
  }
  into.rows.reserve(answer.rows.size());
  for (const auto& row : answer.rows) {
    if (row.size() != 1) {
      throw Error{Fault::kSqlFailed, fmt::format("reading {} gave rows of another shape", table)};
    }
    into.rows.push_back(version_num(row[0], table));
  }
  std::sort(into.rows.begin(), into.rows.end());
}

// TRUNCATE and rewrites are not MVCC-safe: to our snapshot, taken before we waited for somebody's
// lock, such a table looks empty though it is not.
// https://www.postgresql.org/docs/15/mvcc-caveats.html
void refuse_rewritten(sql::SqlSource& source, const Relation& relation, const std::string& role,
                      const std::string& table) {
  if (relation.filenode.empty()) return;
  const sql::ResultSet answer =
      ask(source,
          fmt::format("SELECT pg_catalog.pg_relation_filenode({}::pg_catalog.regclass)"
                      "::pg_catalog.text AS filenode",
                      sql::quoted_literal(relation.oid)),
          table, role);
  const bool same = answer.rows.size() == 1 && answer.rows[0].size() == 1 &&
                    answer.rows[0][0] == relation.filenode;
  if (same) return;
  throw Error{Fault::kSqlFailed, fmt::format("{} was rewritten while it was being read", table),
              "a migration may be running: run again when it has finished", true};
}

void list_elsewhere(const VersionCatalog& catalog, const Relation* found,
                    const VersionTableName& name, VersionTable& into) {
  std::vector<std::string> same_name;
  std::vector<std::string> others;
  for (const Relation& relation : catalog.relations) {
    if (&relation == found) continue;
    if (relation.temporary) {
      if (relation.name == name.table) {
        into.warnings.push_back(fmt::format(
            "a temporary table {} hides the permanent one in this session; it was passed over",
            display_identifier(relation.name)));
      }
      continue;
    }
    const bool a_table = relation.kind == 'r' || relation.kind == 'p';
    if (!a_table || !relation.has_version_num) continue;
    const bool first = !into.exists && relation.name == name.table;
    (first ? same_name : others).push_back(relation.display_name());
  }
  std::sort(same_name.begin(), same_name.end());
  std::sort(others.begin(), others.end());
  into.elsewhere = std::move(same_name);
  into.elsewhere.insert(into.elsewhere.end(), others.begin(), others.end());
  if (into.elsewhere.empty()) return;

  const std::size_t total = into.elsewhere.size();
  const std::size_t shown = std::min(total, kNamedElsewhere);
  const std::string rest = total > shown ? fmt::format(" and {} more", total - shown) : "";
  const char* at_least = catalog.relations.size() < kMaxRelations ? "" : "at least ";
  into.warnings.push_back(
      fmt::format("{}{} other {} like a version table and {} not read: {}{}", at_least, total,
                  total == 1 ? "table looks" : "tables look", total == 1 ? "was" : "were",
                  fmt::join(into.elsewhere.begin(),
                            into.elsewhere.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                  rest));
  into.elsewhere.resize(std::min(total, kMaxElsewhere));
}

}  // namespace

VersionTable read_version_table(sql::SqlSource& source, const VersionTableName& name) {
  if (name.table.empty()) throw Error{Fault::kUsage, "the name of the version table is empty"};
  VersionTable table;
  table.database = source.description();
  table.warnings = source.warnings();

  const std::string catalog_of = "the catalog of " + table.database;
  const VersionCatalog catalog =
      parse_version_catalog(ask(source, version_catalog_statement(name), catalog_of, ""));
  const Relation* found = catalog.find(name);
  if (found == nullptr) refuse_hidden(catalog, name);

  table.exists = found != nullptr;
  table.schema = found != nullptr ? found->schema : name.schema;
  table.table = name.table;
  table.qualified_name = table.schema.empty() ? display_identifier(name.table)
                                              : display_identifier(table.schema) + "." +
                                                    display_identifier(name.table);
  if (found != nullptr) {
    require_readable(*found, catalog.role);
    if (found->kind != 'r') {
      table.warnings.push_back(fmt::format("{} is {}, not a plain table; Alembic did not make it",
                                           table.qualified_name, kind_name(found->kind)));
    }
    read_rows(source, *found, catalog.role, table);
    if (table.rows.empty()) refuse_rewritten(source, *found, catalog.role, table.qualified_name);
  }
  list_elsewhere(catalog, found, name, table);
  return table;
}

}  // namespace drift::production
