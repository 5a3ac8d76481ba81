#include "drift/sql_api/catalog_actions.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/json_text.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/value_type.h"

namespace drift::sql_api {
namespace {

using sql::Cell;
using Text = std::optional<std::string>;

// What the catalog is asked. Trusts no search_path, as drift/production/version_catalog.h says why.

// name (quoted where SQL needs it), schema, table, kind; $1 is a schema, or NULL for all that the
// role may use but PostgreSQL's own, whose names then come with their schemas.
constexpr const char* kTablesSql = R"(
SELECT pg_catalog.concat(CASE WHEN $1::pg_catalog.text IS NULL
                              THEN pg_catalog.concat(pg_catalog.quote_ident(
                                                       n.nspname::pg_catalog.text), '.') END,
                         pg_catalog.quote_ident(c.relname::pg_catalog.text)) AS name,
       n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS "table",
       CASE c.relkind::pg_catalog.text
         WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
         WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END AS kind
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','v','m','f'])
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND CASE WHEN $1::pg_catalog.text IS NULL
           THEN NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
                AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.<>) 'information_schema'
           ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1 END
ORDER BY n.nspname, c.relname)";

// $1: schema or NULL, $2: table, $3: the name verbatim or NULL. One row for each column of the
// relation that this means (and one where it has none): schema, table, kind, name, type, nullable,
// default, primary_key (its place in the key, or NULL), identity, generated, comment.
constexpr const char* kColumnsSql = R"(
WITH found AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','v','m','f'])
    AND ((c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2) OR (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $3))
    AND CASE WHEN $1::pg_catalog.text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
             ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1 END
  ORDER BY CASE WHEN c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2 THEN 0 ELSE 1 END
  LIMIT 1
)
SELECT c.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS "table",
       CASE c.relkind::pg_catalog.text
         WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
         WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END AS kind,
       a.attname::pg_catalog.text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS "default",
       pg_catalog.array_position(k.conkey, a.attnum) AS primary_key,
       CASE a.attidentity::pg_catalog.text WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END
         AS identity,
       a.attgenerated::pg_catalog.text OPERATOR(pg_catalog.<>) '' AS generated,
       pg_catalog.col_description(c.oid, a.attnum) AS comment
FROM found AS c
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid OPERATOR(pg_catalog.=) c.oid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
LEFT JOIN pg_catalog.pg_constraint AS k
  ON k.conrelid OPERATOR(pg_catalog.=) c.oid AND k.contype::pg_catalog.text OPERATOR(pg_catalog.=) 'p'
ORDER BY a.attnum)";

// $1, $2 and $3 as above: the relation that this means, schema and table; where it means none,
// those of the same name elsewhere, with `found` false. A table further down the search_path that
// another one of its name hides is not visible either.
constexpr const char* kFindSql = R"(
WITH found AS (
  SELECT n.nspname, c.relname,
         pg_catalog.pg_table_is_visible(c.oid) AS visible
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','v','m','f'])
    AND ((c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2) OR (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $3))
    AND CASE WHEN $1::pg_catalog.text IS NULL THEN true
             ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1 END
  ORDER BY CASE WHEN c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2 THEN 0 ELSE 1 END, CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN 0 ELSE 1 END, n.nspname
  LIMIT 20
)
SELECT nspname::pg_catalog.text AS schema, relname::pg_catalog.text AS "table",
       CASE WHEN $1::pg_catalog.text IS NULL THEN visible ELSE true END AS found
FROM found)";

// Rows of the catalog, which are few and short, but for a database of very many tables.
class Collected : public sql::RowSink {
 public:
  explicit Collected(std::size_t most_bytes) : most_(most_bytes) {}
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<Cell>& row) override {
    for (const Cell& cell : row) bytes_ += cell ? cell->size() : 0;
    if (bytes_ > most_) {
      too_many = true;
      return sql::Wanted::kNoMore;
    }
    rows.emplace_back(row.begin(), row.end());
    return sql::Wanted::kMore;
  }

  std::vector<std::vector<Text>> rows;
  bool too_many = false;

 private:
  std::size_t most_;
  std::size_t bytes_ = 0;
};

// One more of a list whose brackets are still to come.
void append_item(std::string& list, std::string_view json) {
  if (!list.empty()) list += ',';
  list += json;
}

const char* boolean(const Text& value) { return value == "t" ? "true" : "false"; }

std::string shown(std::string_view name) {
  return sql::display_identifier(sql::one_line(name, 63));
}

class Catalog {
 public:
  Catalog(KeptConnection& kept, const Request& request, std::size_t max_bytes, const Stop& stop)
      : kept_(kept), request_(request), max_bytes_(max_bytes), stop_(stop) {}

  std::string tables() {
    Collected found(max_bytes_);
    const Text schema = request_.schema.empty() ? Text{} : Text{request_.schema};
    if (auto error = ask({kTablesSql, {schema}, &found})) return error_answer(*error);
    std::string names, details;
    for (const auto& row : found.rows) {
      if (!names.empty()) names += ',';
      sql::append_json_string(names, row[0].value_or(""));
      append_item(details, sql::JsonObject()
                               .add_or_null("schema", row[1])
                               .add_or_null("table", row[2])
                               .add_or_null("kind", row[3])
                               .take());
    }
    std::string json = sql::JsonObject()
                           .add_json("tables", "[" + names + "]")
                           .add_json("details", "[" + details + "]")
                           .take();
    if (!found.too_many && json.size() <= max_bytes_) return json;
    throw too_large("ask for the tables of one schema: \"schema\": \"NAME\"");
  }

  std::string schema() {
    const TableName name = table_name(request_.table, request_.schema);
    Collected found(max_bytes_);
    if (auto error = ask({kColumnsSql, parameters(name), &found})) return error_answer(*error);
    if (found.rows.empty()) return not_found(name);
    std::string columns, primary_key;
    std::map<unsigned long, std::string> key;  // by its place in the key
    for (const auto& row : found.rows) {
      if (!row[3]) continue;  // a table without columns
      append_item(columns, sql::JsonObject()
                               .add_or_null("name", row[3])
                               .add_or_null("type", row[4])
                               .add_json("nullable", boolean(row[5]))
                               .add_or_null("default", row[6])
                               .add_json("primary_key", row[7] ? "true" : "false")
                               .add_or_null("identity", row[8])
                               .add_json("generated", boolean(row[9]))
                               .add_or_null("comment", row[10])
                               .take());
      if (row[7]) sql::append_json_string(key[std::stoul(*row[7])], *row[3]);
    }
    for (const auto& [place, column] : key) append_item(primary_key, column);
    const auto& first = found.rows.front();
    std::string json = sql::JsonObject()
                           .add_or_null("schema", first[0])
                           .add_or_null("table", first[1])
                           .add_or_null("kind", first[2])
                           .add_json("columns", "[" + columns + "]")
                           .add_json("primary_key", "[" + primary_key + "]")
                           .take();
    if (json.size() <= max_bytes_) return json;
    throw too_large("");
  }

  std::string count() {
    const TableName name = table_name(request_.table, request_.schema);
    Collected found(max_bytes_);
    if (auto error = ask({kFindSql, parameters(name), &found})) return error_answer(*error);
    if (found.rows.empty() || found.rows.front()[2] != "t") return not_found(name, found.rows);
    const std::string schema = found.rows.front()[0].value_or("");
    const std::string table = found.rows.front()[1].value_or("");
    Collected counted(max_bytes_);
    const std::string statement =
        fmt::format("SELECT pg_catalog.count(*) FROM {}.{}", sql::quoted_identifier(schema),
                    sql::quoted_identifier(table));
    if (auto error = ask({statement, {}, &counted})) {
      error->position = 0;  // of a statement that nobody sent
      return error_answer(*error);
    }
    std::string number;
    append_value(number, counted.rows.at(0).at(0).value_or(""), *builtin_type(20));
    return sql::JsonObject()
        .add("schema", schema)
        .add("table", table)
        .add_json("count", number)
        .take();
  }

  std::string version() {
    Collected found(max_bytes_);
    if (auto error = ask({"SELECT pg_catalog.version(),"
                          "pg_catalog.current_setting('server_version'),"
                          "pg_catalog.current_setting('server_version_num')",
                          {},
                          &found})) {
      return error_answer(*error);
    }
    const auto& row = found.rows.at(0);
    return sql::JsonObject()
        .add_or_null("version", row[0])
        .add_or_null("server_version", row[1])
        .add_json("server_version_num", row[2].value_or("0"))
        .take();
  }

  std::string health() {
    Collected found(max_bytes_);
    if (auto error = ask({"SELECT pg_catalog.current_database(), CURRENT_USER,"
                          "pg_catalog.current_setting('server_version'),"
                          "pg_catalog.pg_is_in_recovery()",
                          {},
                          &found})) {
      return error_answer(*error);
    }
    const auto& row = found.rows.at(0);
    return sql::JsonObject()
        .add("status", "healthy")
        .add_json("healthy", "true")
        .add_or_null("database", row[0])
        .add_or_null("role", row[1])
        .add_or_null("server_version", row[2])
        .add_json("in_recovery", boolean(row[3]))
        .take();
  }

 private:
  std::optional<sql::ServerError> ask(sql::Statement statement) {
    return read(kept_, {std::move(statement)}, {request_.row_security, request_.timeout}, stop_);
  }

  Error too_large(std::string hint) const {
    return {Fault::kTooManyRows, fmt::format("the answer is larger than {} bytes", max_bytes_),
            std::move(hint)};
  }

  static std::vector<Text> parameters(const TableName& name) {
    const auto text = [](const std::string& t) { return t.empty() ? Text{} : Text{t}; };
    return {text(name.schema), name.table, text(name.verbatim)};
  }

  // `elsewhere` has tables of that name in schemas that are not on the search_path.
  static std::string not_found(const TableName& name,
                               const std::vector<std::vector<Text>>& elsewhere = {}) {
    sql::ServerError error;
    error.sqlstate = "42P01";
    error.message =
        fmt::format("there is no table {}{}", name.schema.empty() ? "" : shown(name.schema) + ".",
                    shown(name.table));
    error.hint = "the action \"tables\" lists them";
    if (!elsewhere.empty()) {
      const auto& other = elsewhere.front();
      error.hint = fmt::format("it is not on the search_path: ask for {}.{}",
                               shown(other[0].value_or("")), shown(other[1].value_or("")));
    }
    return error_answer(error);
  }

  KeptConnection& kept_;
  const Request& request_;
  std::size_t max_bytes_;
  const Stop& stop_;
};

}  // namespace

std::string catalog_answer(KeptConnection& kept, const Request& request, std::size_t max_bytes,
                           const Stop& stop) {
  Catalog catalog(kept, request, max_bytes, stop);
  switch (request.action) {
    case Action::kTables: return catalog.tables();
    case Action::kSchema: return catalog.schema();
    case Action::kCount: return catalog.count();
    case Action::kVersion: return catalog.version();
    case Action::kHealthCheck: return catalog.health();
    default: break;
  }
  throw Error{Fault::kInternal, "the catalog was asked for something else"};
}

}  // namespace drift::sql_api
