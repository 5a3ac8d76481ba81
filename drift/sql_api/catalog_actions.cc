#include "drift/sql_api/catalog_actions.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/catalog_sql.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/table_name.h"
#include "drift/sql_api/value_type.h"

namespace drift::sql_api {
namespace {

using sql::Cell;
using Text = std::optional<std::string>;

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

void append(std::string& json, std::string_view key, const Text& text) {
  if (json.back() != '{') json += ',';
  append_string(json, key);
  json += ':';
  if (text) {
    append_string(json, *text);
  } else {
    json += "null";
  }
}

void append_raw(std::string& json, std::string_view key, std::string_view value) {
  if (json.back() != '{') json += ',';
  append_string(json, key);
  json += ':';
  json += value;
}

const char* boolean(const Text& value) { return value == "t" ? "true" : "false"; }

std::string shown(const TableName& name) {
  const std::string table = sql::display_identifier(sql::one_line(name.table, 63));
  if (name.schema.empty()) return table;
  return sql::display_identifier(sql::one_line(name.schema, 63)) + "." + table;
}

class Catalog {
 public:
  Catalog(KeptConnection& kept, const Request& request, std::size_t max_bytes, const Stop& stop)
      : kept_(kept), request_(request), max_bytes_(max_bytes), stop_(stop) {}

  std::string tables() {
    Collected found(max_bytes_);
    const Text schema = request_.schema.empty() ? Text{} : Text{request_.schema};
    if (auto error = ask({kTablesSql, {schema}, &found})) return error_answer(*error);
    std::string names;
    std::string details;
    for (const auto& row : found.rows) {
      names += names.empty() ? "" : ",";
      append_string(names, row[0].value_or(""));
      details += details.empty() ? "{" : ",{";
      append(details, "schema", row[1]);
      append(details, "table", row[2]);
      append(details, "kind", row[3]);
      details += '}';
    }
    std::string json = fmt::format("{{\"tables\":[{}],\"details\":[{}]}}", names, details);
    if (!found.too_many && json.size() <= max_bytes_) return json;
    throw Error{Fault::kTooManyRows, fmt::format("the answer is larger than {} bytes", max_bytes_),
                "ask for the tables of one schema: \"schema\": \"NAME\""};
  }

  std::string schema() {
    const TableName name = table_name(request_.table, request_.schema);
    Collected found(max_bytes_);
    if (auto error = ask({kColumnsSql, parameters(name), &found})) return error_answer(*error);
    if (found.rows.empty()) return not_found(name);
    const auto& first = found.rows.front();
    std::string json = "{";
    append(json, "schema", first[0]);
    append(json, "table", first[1]);
    append(json, "kind", first[2]);
    std::string columns;
    std::vector<std::string> key(found.rows.size());
    for (const auto& row : found.rows) {
      if (!row[3]) continue;  // a table without columns
      columns += columns.empty() ? "{" : ",{";
      append(columns, "name", row[3]);
      append(columns, "type", row[4]);
      append_raw(columns, "nullable", boolean(row[5]));
      append(columns, "default", row[6]);
      append_raw(columns, "primary_key", row[7] ? "true" : "false");
      append(columns, "identity", row[8]);
      append_raw(columns, "generated", boolean(row[9]));
      append(columns, "comment", row[10]);
      columns += '}';
      if (row[7]) {
        const std::size_t place = std::stoul(*row[7]) - 1;
        if (place >= key.size()) key.resize(place + 1);
        append_string(key[place], *row[3]);
      }
    }
    std::string names;
    for (const std::string& one : key) {
      if (!one.empty()) names += (names.empty() ? "" : ",") + one;
    }
    append_raw(json, "columns", "[" + columns + "]");
    append_raw(json, "primary_key", "[" + names + "]");
    json += '}';
    if (json.size() <= max_bytes_) return json;
    throw Error{Fault::kTooManyRows, fmt::format("the answer is larger than {} bytes", max_bytes_)};
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
    std::string json = "{";
    append(json, "schema", schema);
    append(json, "table", table);
    std::string number;
    append_value(number, counted.rows.at(0).at(0).value_or(""), *builtin_type(20));
    append_raw(json, "count", number);
    return json + "}";
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
    std::string json = "{";
    append(json, "version", row[0]);
    append(json, "server_version", row[1]);
    append_raw(json, "server_version_num", row[2].value_or("0"));
    return json + "}";
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
    std::string json = "{";
    append(json, "status", "healthy");
    append(json, "database", row[0]);
    append(json, "role", row[1]);
    append(json, "server_version", row[2]);
    append_raw(json, "in_recovery", boolean(row[3]));
    return json + "}";
  }

 private:
  std::optional<sql::ServerError> ask(sql::Statement statement) {
    return read(kept_, {std::move(statement)}, {request_.row_security, request_.timeout}, stop_);
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
    error.message = fmt::format("there is no table {}", shown(name));
    error.hint = "the action \"tables\" lists them";
    if (!elsewhere.empty()) {
      const auto& other = elsewhere.front();
      error.hint = fmt::format("it is not on the search_path: ask for {}.{}",
                               sql::display_identifier(sql::one_line(other[0].value_or(""), 63)),
                               sql::display_identifier(sql::one_line(other[1].value_or(""), 63)));
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
