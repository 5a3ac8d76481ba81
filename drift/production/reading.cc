#include "drift/production/reading.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <variant>

#include "drift/base/printable.h"
#include "drift/production/version_catalog.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::production {
namespace {

using sql::display_identifier;

// A database of encoding SQL_ASCII takes any byte, and gives it back only to who asks for no
// encoding. Python wrote the revision, so it is text.
Error not_text(const std::string& table) {
  return {Fault::kWrongColumn,
          fmt::format("{} holds bytes that are not UTF-8: not a revision", table),
          "look at the rows, and at the encoding of the database"};
}

bool is_selectable(char kind) {
  return std::string_view("rpvmf").find(kind) != std::string_view::npos;
}

}  // namespace

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

}  // namespace drift::production
