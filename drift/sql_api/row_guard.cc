#include "drift/sql_api/row_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drift/base/text.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/sql_tokens.h"
#include "drift/sql_api/value_type.h"

namespace drift::sql_api {
namespace {

// What the failing cast quotes, in whatever language the server speaks.
constexpr std::string_view kMark = "schema-drift: the row is too large";

// Built-in types whose values are short, and pseudo-types that have no text to be measured.
constexpr std::array kShort = std::to_array<std::string_view>(
    {"bool",          "char",         "name",        "int2",      "int4",         "int8",
     "oid",           "float4",       "float8",      "numeric",   "date",         "time",
     "timetz",        "timestamp",    "timestamptz", "interval",  "uuid",         "money",
     "macaddr",       "macaddr8",     "inet",        "cidr",      "tid",          "xid",
     "xid8",          "cid",          "pg_lsn",      "point",     "line",         "lseg",
     "box",           "circle",       "aclitem",     "regproc",   "regprocedure", "regoper",
     "regoperator",   "regclass",     "regtype",     "regrole",   "regnamespace", "regconfig",
     "regdictionary", "regcollation", "int4range",   "int8range", "numrange",     "tsrange",
     "tstzrange",     "daterange",    "void",        "cstring"});

bool is_short(const sql::Column& column) {
  const auto type = builtin_type(column.type);
  return type && !type->is_array &&
         std::find(kShort.begin(), kShort.end(), type->name) != kShort.end();
}

// Bytes of the value, before a table's compression.
std::string size_of(std::size_t place, const sql::Column& column) {
  const auto type = builtin_type(column.type);
  const bool measured_as_it_is =
      type && !type->is_array && (type->name == "text" || type->notation == Notation::kBytea);
  return fmt::format("coalesce(pg_catalog.octet_length(schema_drift.c{0}{1}), 0)", place,
                     measured_as_it_is ? "" : "::pg_catalog.text");
}

// Without the semicolons and comments at its end.
std::string_view core(std::string_view sql) {
  const std::vector<Token> tokens = sql_tokens(sql);
  std::size_t end = 0;
  for (const Token& token : tokens) {
    if (!token.is_symbol(";")) end = token.end;
  }
  return sql.substr(0, end);
}

}  // namespace

std::optional<GuardedStatement> guarded(std::string_view sql,
                                        const std::vector<sql::Column>& columns,
                                        std::size_t most_bytes) {
  std::vector<std::string> sizes, aliases, outputs;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!is_short(columns[i])) sizes.push_back(size_of(i, columns[i]) + "::pg_catalog.int8");
    aliases.push_back(fmt::format("c{}", i));
    outputs.push_back(
        fmt::format("schema_drift.c{} AS {}", i, sql::quoted_identifier(columns[i].name)));
  }
  if (sizes.empty()) return {};
  // OFFSET 0 keeps the planner from making each value twice, where it is measured and where it is
  // sent.
  const std::string prefix =
      fmt::format("SELECT {} FROM (SELECT * FROM (", fmt::join(outputs, ", "));
  GuardedStatement guard;
  guard.prefix = characters(prefix);
  guard.text = fmt::format(
      "{}{}\n) AS statement OFFSET 0) AS schema_drift({}) "
      "WHERE CASE WHEN {} OPERATOR(pg_catalog.>) {}::pg_catalog.int8 "
      "THEN pg_catalog.concat('{}', schema_drift.c0 IS NULL)::pg_catalog.int4 "
      "OPERATOR(pg_catalog.=) 0 ELSE true END",
      prefix, core(sql), fmt::join(aliases, ", "), fmt::join(sizes, " OPERATOR(pg_catalog.+) "),
      most_bytes, kMark);
  return guard;
}

bool is_of_row_guard(const sql::ServerError& error) {
  return error.sqlstate == "22P02" && error.message.find(kMark) != std::string::npos;
}

}  // namespace drift::sql_api
