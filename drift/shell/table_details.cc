#include "drift/shell/table_details.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <variant>
#include <vector>

#include "drift/base/printable.h"
#include "drift/query/asking.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/request.h"

namespace drift::shell {
namespace {

struct Question {
  std::string_view title, sql;
};

// Of the table $1 or, where there is none, $2: names as pg_get_*def writes them.
constexpr std::array<Question, 3> kQuestions = {{
    {"Indexes:",
     "SELECT pg_catalog.pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index AS i "
     "WHERE i.indrelid = coalesce(pg_catalog.to_regclass($1), pg_catalog.to_regclass($2)) ORDER BY "
     "1"},
    {"Constraints:",
     "SELECT c.conname || ': ' || pg_catalog.pg_get_constraintdef(c.oid) "
     "FROM pg_catalog.pg_constraint AS c WHERE c.conrelid = coalesce(pg_catalog.to_regclass($1), "
     "pg_catalog.to_regclass($2)) ORDER BY 1"},
    {"Referred to by:",
     "SELECT c.conrelid::regclass::text || ', ' || c.conname || ': ' || "
     "pg_catalog.pg_get_constraintdef(c.oid) FROM pg_catalog.pg_constraint AS c "
     "WHERE c.confrelid = coalesce(pg_catalog.to_regclass($1), pg_catalog.to_regclass($2)) ORDER "
     "BY 1"},
}};

// The lines of one column; none where it cannot be asked.
std::vector<std::string> lines_of(query::Door& door, const query::Request& request,
                                  const Stop& stop) {
  const auto told = door.ask(query::request_json(request), false, stop);
  const auto* text = std::get_if<std::string>(&told);
  if (text == nullptr) return {};
  const auto read = sql::read_api_answer(*text);
  const auto* answer = std::get_if<sql::ApiAnswer>(&read);
  std::vector<std::string> lines;
  if (answer == nullptr || answer->columns.size() != 1) return {};
  for (const auto& row : answer->rows) lines.push_back(row.front().text);
  return lines;
}

// The two things that a name may mean, as the server's to_regclass reads them.
std::vector<std::string> in_sql(const std::string& name) {
  const sql_api::TableName read = sql_api::table_name(name, "");
  const std::string schema = read.schema.empty() ? "" : sql::quoted_identifier(read.schema) + ".";
  const std::string& verbatim = read.verbatim.empty() ? read.table : read.verbatim;
  return {schema + sql::quoted_identifier(read.table), schema + sql::quoted_identifier(verbatim)};
}

}  // namespace

void describe_table(const query::Asking& asking, const std::string& name, const Stop& stop) {
  query::Request columns;
  columns.action = query::Action::kSchema;
  columns.table = name;
  if (query::ask_and_print(asking, columns, stop) != query::kDone) return;
  for (const Question& question : kQuestions) {
    query::Request request;
    request.statement = question.sql;
    request.params = in_sql(name);
    const auto lines = lines_of(asking.door, request, stop);
    if (!lines.empty()) asking.output(std::string(question.title) + '\n');
    for (const std::string& line : lines) {
      asking.output(fmt::format("    {}\n", printable(line)));
    }
  }
}

}  // namespace drift::shell
