#include "drift/shell/table_names.h"

#include <exception>
#include <variant>

#include "drift/query/door.h"
#include "drift/sql/api_client_answer.h"

namespace drift::shell {
namespace {

constexpr const char* kQuestion = R"(
SELECT n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid),
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
ORDER BY 1, 2 LIMIT 5000)";

}  // namespace

std::vector<TableName> table_names(query::Door& door, const Stop& stop) {
  std::vector<TableName> tables;
  try {
    query::Request request;
    request.statement = kQuestion;
    const auto told = door.ask(query::request_json(request), false, stop);
    const auto* text = std::get_if<std::string>(&told);
    if (text == nullptr) return {};
    const auto read = sql::read_api_answer(*text);
    const auto* answer = std::get_if<sql::ApiAnswer>(&read);
    if (answer == nullptr || answer->columns.size() != 4) return {};
    for (const auto& row : answer->rows) {
      TableName& table = tables.emplace_back();
      table.schema = row[0].text;
      table.name = row[1].text;
      table.visible = row[2].text == "true";
      for (const sql::JsonValue& column : row[3].items) table.columns.push_back(column.text);
    }
  } catch (const std::exception&) {
    return {};
  }
  return tables;
}

}  // namespace drift::shell
