#include "drift/production/version_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/production/version_catalog.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::production {
namespace {

using sql::display_identifier;

// Alembic's column holds 32 characters, and people who widen it stop at 255. What is longer is no
// revision, and only its beginning is ever fetched.
constexpr std::size_t kMaxRowBytes = 1'024;
constexpr std::size_t kNamedElsewhere = 10;

// A database of encoding SQL_ASCII takes any byte, and gives it back only to who asks for no
// encoding. Python wrote the revision, so it is text.
Error not_text(const std::string& table) {
  return {Fault::kWrongColumn,
          fmt::format("{} holds bytes that are not UTF-8: not a revision", table),
          "look at the rows, and at the encoding of the database"};
}

// A failed statement as an Error. The SQLSTATE decides, never the words: they may be in the
// server's language. https://www.postgresql.org/docs/15/errcodes-appendix.html
Error failed(const sql::SqlFailure& failure, const std::string& what, const std::string& role) {
  const std::string& state = failure.sqlstate;
  if (state == "55P03") {
    return {Fault::kTimedOut, fmt::format("{} is locked by another session", what),
            "a migration may be running: run again when it has finished", true};
  }
  if (state == "57014") {
    return {Fault::kTimedOut,
            fmt::format("the server gave up reading {}: {}", what, failure.message),
            "the server is overloaded, or somebody cancelled the query: run again later", true};
  }
  if (state == "42501") {
    return {
        Fault::kPermissionDenied,
        fmt::format("role {} may not read {}: {}", display_identifier(role), what, failure.message),
        fmt::format("GRANT SELECT ON {} TO {}; if row level security is the reason, let a role "
                    "with BYPASSRLS read",
                    what, display_identifier(role))};
  }
  if (state == "22021" || state == "22P05") return not_text(what);
  if (state == "42P01" || state == "42703" || state == "3F000") {
    return {Fault::kSqlFailed,
            fmt::format("{} changed while it was being read: {}", what, failure.message),
            "a migration may be running: run again when it has finished", true};
  }
  const bool passing =
      state.starts_with("40") || state.starts_with("53") || state.starts_with("57");
  return {Fault::kSqlFailed,
          fmt::format("reading {} failed: {}{}", what, failure.message,
                      state.empty() ? "" : fmt::format(" (SQLSTATE {})", state)),
          passing ? "run again later" : "", passing};
}

sql::ResultSet ask(sql::SqlSource& source, const std::string& statement, const std::string& what,
                   const std::string& role) {
  auto answer = source.query(statement);
  if (const auto* failure = std::get_if<sql::SqlFailure>(&answer)) {
    throw failed(*failure, what, role);
  }
  return std::get<sql::ResultSet>(std::move(answer));
}

std::string kind_name(char kind) {
  switch (kind) {
    case 'p': return "a partitioned table";
    case 'v': return "a view";
    case 'm': return "a materialized view";
    case 'f': return "a foreign table";
    case 'i':
    case 'I': return "an index";
    case 'S': return "a sequence";
    case 'c': return "a composite type";
    default: return "a relation of kind '" + std::string(1, kind) + "'";
  }
}

bool is_selectable(char kind) {
  return std::string_view("rpvmf").find(kind) != std::string_view::npos;
}

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

void require_readable(const Relation& relation, const std::string& role) {
  const std::string table = relation.display_name();
  const std::string who = display_identifier(role);
  if (!is_selectable(relation.kind)) {
    throw Error{Fault::kWrongColumn,
                fmt::format("{} is {}, not a table", table, kind_name(relation.kind)),
                "--version-table and --version-table-schema name another table, as in env.py"};
  }
  if (!relation.schema_usable) {
    throw Error{
        Fault::kPermissionDenied,
        fmt::format("role {} may not use schema {}, where {} is", who,
                    display_identifier(relation.schema), display_identifier(relation.name)),
        fmt::format("GRANT USAGE ON SCHEMA {} TO {}", display_identifier(relation.schema), who)};
  }
  if (!relation.has_version_num) {
    throw Error{Fault::kWrongColumn,
                relation.columns.empty()
                    ? fmt::format("{} has no column version_num; it has no columns", table)
                    : fmt::format("{} has no column version_num; it has {}", table,
                                  sql::one_line(relation.columns)),
                "it is not Alembic's: --version-table and --version-table-schema name another "
                "table, as in env.py"};
  }
  if (!relation.readable) {
    throw Error{Fault::kPermissionDenied, fmt::format("role {} may not read {}", who, table),
                fmt::format("GRANT SELECT ON {} TO {}", table, who)};
  }
  if (relation.rows_may_be_hidden) {
    throw Error{Fault::kPermissionDenied,
                fmt::format("row level security on {} may hide rows from role {}", table, who),
                fmt::format("ALTER ROLE {} BYPASSRLS, or ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
                            who, table)};
  }
}

std::string version_num(const std::optional<std::string>& value, const std::string& table) {
  if (!value) {
    throw Error{Fault::kNullRow, fmt::format("{} holds a row whose version_num is NULL", table),
                fmt::format("Alembic never writes one; look at it, then DELETE FROM {} WHERE "
                            "version_num IS NULL",
                            table)};
  }
  if (value->size() > kMaxRowBytes) {
    throw Error{Fault::kWrongColumn,
                fmt::format("{} holds a version_num of more than {} bytes: not a revision", table,
                            kMaxRowBytes),
                "--version-table names another table, as in env.py"};
  }
  if (!is_utf8(*value)) throw not_text(table);
  return *value;
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
