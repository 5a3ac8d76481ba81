#include "drift/pending/grammar.h"

#include <pg_query.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "drift/base/text.h"
#include "drift/pending/sql_rules.h"

namespace drift::pending {
namespace {

// https://www.postgresql.org/docs/current/functions.html; pg_proc.provolatile.
constexpr std::array<std::string_view, 22> kVolatile = {
    "random",           "clock_timestamp",  "timeofday",
    "gen_random_uuid",  "uuid_generate_v1", "uuid_generate_v1mc",
    "uuid_generate_v4", "uuidv4",           "uuidv7",
    "nextval",          "currval",          "lastval",
    "gen_random_bytes", "gen_salt",         "setval",
    "pg_sleep",         "set_config",       "txid_current",
    "random_normal",    "gen_uuid_v7",      "uuid_generate_v7",
    "statement_id"};
constexpr std::array<std::string_view, 66> kStable = {"now",
                                                      "timezone",
                                                      "transaction_timestamp",
                                                      "statement_timestamp",
                                                      "lower",
                                                      "upper",
                                                      "coalesce",
                                                      "to_tsvector",
                                                      "to_timestamp",
                                                      "to_char",
                                                      "to_date",
                                                      "to_number",
                                                      "date_trunc",
                                                      "date_part",
                                                      "extract",
                                                      "age",
                                                      "make_interval",
                                                      "make_date",
                                                      "make_timestamp",
                                                      "concat",
                                                      "concat_ws",
                                                      "md5",
                                                      "length",
                                                      "char_length",
                                                      "substr",
                                                      "substring",
                                                      "replace",
                                                      "trim",
                                                      "btrim",
                                                      "ltrim",
                                                      "rtrim",
                                                      "left",
                                                      "right",
                                                      "lpad",
                                                      "rpad",
                                                      "abs",
                                                      "round",
                                                      "floor",
                                                      "ceil",
                                                      "ceiling",
                                                      "greatest",
                                                      "least",
                                                      "nullif",
                                                      "json_build_object",
                                                      "jsonb_build_object",
                                                      "json_build_array",
                                                      "jsonb_build_array",
                                                      "to_json",
                                                      "to_jsonb",
                                                      "array_append",
                                                      "current_setting",
                                                      "current_database",
                                                      "current_schema",
                                                      "encode",
                                                      "decode",
                                                      "uuid_generate_v5",
                                                      "uuid_nil",
                                                      "count",
                                                      "max",
                                                      "min",
                                                      "sum",
                                                      "avg",
                                                      "array_agg",
                                                      "string_agg",
                                                      "exists",
                                                      "regexp_replace"};

// What the grammar of PostgreSQL 15 does not know, said as something that it knows and that does
// the same to a table; a mark in the name tells what it was.
std::string in_older_words(const std::string& sql) {
  static const std::regex not_null(
      R"(\bADD\s+(?:CONSTRAINT\s+("[^"]*"|\w+)\s+)?NOT\s+NULL\s+("[^"]*"|\w+)(\s+NO\s+INHERIT)?(\s+NOT\s+VALID)?)",
      std::regex::icase);
  static const std::regex set_expression(
      R"(\bALTER\s+(?:COLUMN\s+)?("[^"]*"|\w+)\s+SET\s+EXPRESSION\s+AS\s*(\(.*\)))",
      std::regex::icase);
  static const std::regex generated(R"((GENERATED\s+ALWAYS\s+AS\s*\(.*\))\s*VIRTUAL\b)",
                                    std::regex::icase);
  const std::string lower = ascii_lower(sql);
  const auto has = [&](const char* word) { return lower.find(word) != std::string::npos; };
  // A regular expression of the library takes its time on what is long.
  if (sql.size() > 1000 || !(has("not null") || has("expression") || has("virtual"))) return sql;
  std::string text = std::regex_replace(
      sql, not_null, R"(ADD CONSTRAINT schema_drift_not_null_$2 CHECK ($2 IS NOT NULL)$4)");
  if (text != sql) {
    const std::size_t mark = text.find("schema_drift_not_null_\"");
    if (mark != std::string::npos) return sql;
  }
  text =
      std::regex_replace(text, set_expression, R"(ALTER $1 TYPE schema_drift_expression USING $2)");
  return std::regex_replace(text, generated, R"($1 STORED CHECK (schema_drift_virtual))");
}

Parsed parsed(const std::string& sql) {
  Parsed result;
  const PgQueryParseResult tree = pg_query_parse(sql.c_str());
  if (tree.error != nullptr) {
    result.error = tree.error->message;
  } else {
    Node document = Node::parse(tree.parse_tree, nullptr, false);
    if (document.is_discarded()) {
      result.error = "the grammar's answer cannot be read";
    } else if (document.contains("stmts")) {
      for (Node& one : document["stmts"]) result.statements.push_back(std::move(one["stmt"]));
    }
  }
  pg_query_free_parse_result(tree);
  return result;
}

template <typename Visit>
void walk(const Node& node, const Visit& visit, int depth = 0) {
  if (depth > 200) return;
  if (node.is_object()) {
    for (const auto& [key, value] : node.items()) {
      visit(key, value);
      walk(value, visit, depth + 1);
    }
  } else if (node.is_array()) {
    for (const Node& one : node) walk(one, visit, depth + 1);
  }
}

}  // namespace

Parsed parse_sql(const std::string& sql) {
  Parsed first = parsed(sql);
  if (first.error.empty()) return first;
  const std::string older = in_older_words(sql);
  if (older == sql) return first;
  Parsed second = parsed(older);
  return second.error.empty() ? second : first;
}

std::vector<std::string> split_sql(const std::string& sql) {
  std::vector<std::string> pieces;
  const PgQuerySplitResult split = pg_query_split_with_scanner(sql.c_str());
  // The scanner passes over statements without a keyword; they are pieces, too.
  std::size_t end = 0;
  const auto add = [&](std::size_t begin, std::size_t size) {
    const std::string piece = sql.substr(begin, size);
    if (piece.find_first_not_of(" \t\r\n;") != std::string::npos) pieces.push_back(piece);
  };
  for (int i = 0; split.error == nullptr && i < split.n_stmts; ++i) {
    const auto begin = static_cast<std::size_t>(split.stmts[i]->stmt_location);
    const auto size = static_cast<std::size_t>(split.stmts[i]->stmt_len);
    if (begin > end) add(end, begin - end);
    add(begin, size);
    end = begin + size;
  }
  if (end > 0 && end < sql.size()) add(end, sql.size() - end);
  pg_query_free_split_result(split);
  if (pieces.empty()) pieces.push_back(sql);
  return pieces;
}

std::string table_of(const Node& range) {
  const std::string schema = range.value("schemaname", "");
  const std::string name = range.value("relname", "");
  return schema.empty() ? name : schema + "." + name;
}

std::string name_of(const Node& list) {
  std::string name;
  const Node& items = list.is_object() && list.contains("List") ? list["List"]["items"] : list;
  if (items.is_object() && items.contains("String")) return items["String"].value("sval", "");
  if (!items.is_array()) return name;
  for (const Node& one : items) {
    if (!one.contains("String")) continue;
    if (!name.empty()) name += '.';
    name += one["String"].value("sval", "");
  }
  return name;
}

std::vector<std::string> tables_read(const Node& node) {
  std::vector<std::string> tables, names;
  walk(node, [&](const std::string& key, const Node& value) {
    if (key == "CommonTableExpr") names.push_back(value.value("ctename", ""));
    if (key == "RangeVar") tables.push_back(table_of(value));
  });
  std::erase_if(tables, [&](const std::string& table) {
    return std::find(names.begin(), names.end(), table) != names.end() ||
           table.starts_with("pg_catalog.") || table.starts_with("information_schema.") ||
           table.starts_with("pg_");
  });
  std::sort(tables.begin(), tables.end());
  tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
  return tables;
}

Default volatility(const Node& node, std::string* unknown) {
  Default worst = Default::kOnce;
  walk(node, [&](const std::string& key, const Node& value) {
    if (key != "FuncCall" || !value.contains("funcname")) return;
    std::string name = name_of(value["funcname"]);
    name = name.substr(name.rfind('.') + 1);
    if (std::find(kVolatile.begin(), kVolatile.end(), name) != kVolatile.end()) {
      worst = Default::kEachRow;
    } else if (std::find(kStable.begin(), kStable.end(), name) == kStable.end()) {
      if (unknown != nullptr && unknown->empty()) *unknown = name;
      if (worst == Default::kOnce) worst = Default::kUnknown;
    }
  });
  return worst;
}

ColumnType type_of(const Node& type, const Ledger& ledger) {
  ColumnType found;
  if (!type.contains("names")) return found;
  std::string written = name_of(type["names"]);
  if (written.starts_with("pg_catalog.")) written.erase(0, 11);
  found.serial = written == "serial" || written == "bigserial" || written == "smallserial" ||
                 written == "serial4" || written == "serial8";
  found.name = type_name(written);
  found.array = type.contains("arrayBounds");
  if (type.contains("typmods")) {
    for (const Node& one : type["typmods"]) {
      if (one.contains("A_Const") && one["A_Const"].contains("ival")) {
        found.modifier.push_back(one["A_Const"]["ival"].value("ival", 0));
      }
    }
  }
  // interval's first number is a mask of its fields, full where it has none.
  if (found.name == "interval" && !found.modifier.empty()) {
    found.modifier.erase(found.modifier.begin());
  }
  if (!is_plain_type(found.name) && !found.serial) {
    const auto checked = ledger.type_is_checked(written);
    found.checked_domain = checked.value_or(false);
    if (!checked) found.name.clear();
  }
  return found;
}

std::string not_null_column(const Node& expression) {
  if (!expression.contains("NullTest")) return "";
  const Node& test = expression["NullTest"];
  if (test.value("nulltesttype", "") != "IS_NOT_NULL" || !test["arg"].contains("ColumnRef")) {
    return "";
  }
  return name_of(test["arg"]["ColumnRef"]["fields"]);
}

Default default_of(const std::string& expression) {
  const Parsed tree = parsed("SELECT (" + expression + ")");
  if (tree.statements.size() != 1) return Default::kUnknown;
  return volatility(tree.statements[0]);
}

ColumnType written_type(const std::string& written, const Ledger& ledger) {
  const Parsed tree = parsed("SELECT NULL::" + written);
  if (tree.statements.size() != 1) return {};
  ColumnType found;
  walk(tree.statements[0], [&](const std::string& key, const Node& value) {
    if (key == "typeName") found = type_of(value, ledger);
  });
  return found;
}

}  // namespace drift::pending
