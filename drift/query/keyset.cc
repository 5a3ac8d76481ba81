#include "drift/query/keyset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <variant>

#include "drift/base/error.h"
#include "drift/query/door.h"
#include "drift/sql/json_text.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/strict_json.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::query {
namespace {

using sql::JsonValue;
using sql_api::Token;
using sql_api::TokenKind;
using Kind = JsonValue::Kind;

std::vector<Token> tokens_of(std::string_view statement) {
  std::vector<Token> tokens;
  try {
    tokens = sql_api::sql_tokens(statement);
  } catch (const Error&) {
    return {};
  }
  while (!tokens.empty() && tokens.back().is_symbol(";")) tokens.pop_back();
  return tokens;
}

// What behind WHERE would make other rows of those of the table, or lock them.
bool is_plain_condition(const std::vector<Token>& tokens, std::size_t at) {
  constexpr std::array<std::string_view, 12> kOthers = {"group",     "having", "window", "union",
                                                        "intersect", "except", "order",  "limit",
                                                        "offset",    "fetch",  "for",    "select"};
  return std::none_of(
      tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.end(), [&](const Token& token) {
        const bool other = token.kind == TokenKind::kWord &&
                           std::find(kOthers.begin(), kOthers.end(), token.text) != kOthers.end();
        return other || token.is_symbol(";") || token.kind == TokenKind::kParameter;
      });
}

std::optional<JsonValue> asked(Door& door, const std::string& request, const Stop& stop) {
  const auto told = door.ask(request, false, stop);
  const auto* text = std::get_if<std::string>(&told);
  if (text == nullptr) return {};
  auto read = sql::read_json(*text);
  if (auto* value = std::get_if<JsonValue>(&read)) return std::move(*value);
  return {};
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is(Kind::kString) ? value->text : "";
}

// Rows of tables that inherit from it are its rows, too, and its key does not tell them apart.
bool has_heirs(Door& door, const std::string& schema, const std::string& table, const Stop& stop) {
  sql::JsonObject request;
  request.add("query",
              "SELECT count(*) FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c "
              "ON c.oid = i.inhparent JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
              "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'");
  std::string params = "[";
  sql::append_json_string(params, schema);
  params += ',';
  sql::append_json_string(params, table);
  const auto told = asked(door, request.add_json("params", params + "]").take(), stop);
  const JsonValue* rows = told ? told->find("rows") : nullptr;
  const bool none = rows != nullptr && rows->items.size() == 1 &&
                    rows->items[0].items.size() == 1 && rows->items[0].items[0].text == "0";
  return !none;
}

}  // namespace

std::optional<sql_api::TableName> whole_table(std::string_view statement) {
  const std::vector<Token> tokens = tokens_of(statement);
  std::size_t at = 0;
  if (!tokens.empty() && tokens[0].is_word("table")) {
    at = 1;
  } else if (tokens.size() > 3 && tokens[0].is_word("select") && tokens[1].is_symbol("*") &&
             tokens[2].is_word("from")) {
    at = 3;
  } else {
    return {};
  }
  const auto is_name = [&](std::size_t i) {
    return i < tokens.size() &&
           (tokens[i].kind == TokenKind::kWord || tokens[i].kind == TokenKind::kQuoted) &&
           !tokens[i].is_word("only") && !tokens[i].is_word("lateral");
  };
  if (!is_name(at)) return {};
  sql_api::TableName name;
  name.table = tokens[at++].text;
  if (at < tokens.size() && tokens[at].is_symbol(".")) {
    if (!is_name(at + 1)) return {};
    name.schema = name.table;
    name.table = tokens[at + 1].text;
    at += 2;
  }
  if (at == tokens.size()) return name;
  const bool condition = tokens[0].is_word("select") && tokens[at].is_word("where") &&
                         is_plain_condition(tokens, at + 1);
  return condition ? std::optional(name) : std::nullopt;
}

std::optional<Keyset> find_keyset(Door& door, const std::string& statement, const Stop& stop) {
  const auto name = whole_table(statement);
  if (!name) return {};
  sql::JsonObject request;
  request.add("action", "schema").add("table", sql::quoted_identifier(name->table));
  const auto told = asked(door, request.add_if_any("schema", name->schema).take(), stop);
  if (!told) return {};
  const std::string kind = text_of(*told, "kind");
  const JsonValue* columns = told->find("primary_key");
  if ((kind != "table" && kind != "partitioned table") || columns == nullptr ||
      columns->items.empty() ||
      has_heirs(door, text_of(*told, "schema"), text_of(*told, "table"), stop)) {
    return {};
  }
  Keyset keyset;
  for (const JsonValue& column : columns->items) keyset.key.push_back(column.text);
  keyset.statement = statement.substr(0, tokens_of(statement).back().end);
  return keyset;
}

std::string page_statement(const Keyset& keyset, bool first) {
  std::vector<std::string> columns, places;
  for (const std::string& name : keyset.key) {
    columns.push_back("page." + sql::quoted_identifier(name));
    places.push_back(fmt::format("${}", places.size() + 1));
  }
  const std::string behind =
      first ? ""
            : fmt::format(" WHERE ({}) > ({})", fmt::join(columns, ", "), fmt::join(places, ", "));
  return fmt::format("SELECT * FROM ({}\n) AS page{} ORDER BY {}", keyset.statement, behind,
                     fmt::join(columns, ", "));
}

std::optional<std::vector<std::string>> last_key(const Keyset& keyset,
                                                 const sql::ApiAnswer& answer) {
  std::vector<std::string> values;
  for (const std::string& name : keyset.key) {
    const auto found = std::find(answer.columns.begin(), answer.columns.end(), name);
    if (found == answer.columns.end()) return {};
    const auto at = static_cast<std::size_t>(found - answer.columns.begin());
    const bool plain = at < answer.types.size() && !answer.types[at].ends_with("[]") &&
                       !answer.types[at].starts_with("json");
    const JsonValue& value = answer.rows.back()[at];
    const bool scalar = value.is(Kind::kString) || value.is(Kind::kNumber) || value.is(Kind::kBool);
    if (!plain || !scalar) return {};
    values.push_back(value.text);
  }
  return values;
}

}  // namespace drift::query
