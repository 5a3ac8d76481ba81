#include "drift/sql/api_client_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "drift/base/error.h"
#include "drift/sql/answer_envelope.h"
#include "drift/sql/api_error.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/strict_json.h"

namespace drift::sql {
namespace {

using Kind = JsonValue::Kind;
using Row = std::vector<std::optional<std::string>>;

// Rows, statuses and counts go by these names in the deployed functions and their relatives. What
// matters is that none of them can say "this is not all" or "this failed" without being heard.
constexpr std::array<std::string_view, 3> kCountKeys = {"row_count", "rowCount", "rowcount"};
constexpr std::array<std::string_view, 11> kCutOffKeys = {
    "truncated",  "is_truncated", "isTruncated", "has_more",  "hasMore",    "partial",
    "incomplete", "next_token",   "nextToken",   "NextToken", "next_cursor"};

// MaxTupleAttributeNumber: the most a query can return.
// https://www.postgresql.org/docs/15/limits.html
constexpr std::size_t kMaxColumns = 1'664;

[[noreturn]] void refuse(const std::string& what) { throw not_understood(what); }

std::string column_name(const ResultSet& result, std::size_t index) {
  if (index < result.columns.size()) return display_identifier(one_line(result.columns[index]));
  return fmt::format("column {}", index + 1);
}

std::optional<std::string> cell(const JsonValue& value, const ResultSet& result,
                                std::size_t index) {
  switch (value.kind) {
    case Kind::kNull: return std::nullopt;
    case Kind::kBool: return value.text == "true" ? "t" : "f";
    case Kind::kNumber:
    case Kind::kString: return value.text;
    case Kind::kList:
    case Kind::kObject: break;
  }
  refuse(fmt::format("answered {} as the value of {}", description_of(value),
                     column_name(result, index)));
}

// Whether the answer names its columns.
bool read_columns(const JsonValue& object, ResultSet& into) {
  const JsonValue* columns = object.find_set("columns");
  if (columns == nullptr) return false;
  if (!columns->is(Kind::kList)) {
    refuse(fmt::format("answered columns that are {}, not a list", description_of(*columns)));
  }
  for (const JsonValue& column : columns->items) {
    if (!column.is(Kind::kString)) {
      refuse(fmt::format("answered {} among the names of the columns", description_of(column)));
    }
    into.columns.push_back(column.text);
  }
  return true;
}

// Rows that are objects go by the names of the columns, so each name must mean one column.
void require_distinct(const std::vector<std::string>& columns) {
  if (columns.size() > kMaxColumns) {
    refuse(fmt::format("answered {} columns, and PostgreSQL has at most {}", columns.size(),
                       kMaxColumns));
  }
  std::vector<std::string_view> names(columns.begin(), columns.end());
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    refuse(fmt::format("answered rows as objects though two columns are named {}",
                       display_identifier(one_line(*twice))));
  }
}

void require_width(std::size_t values, std::size_t width, std::size_t number) {
  if (values == width) return;
  refuse(fmt::format("answered {} value{} in row {} where there should be {}", values,
                     values == 1 ? "" : "s", number, width));
}

Row row_of_list(const JsonValue& list, const ResultSet& result) {
  Row row;
  row.reserve(list.items.size());
  for (const JsonValue& item : list.items) row.push_back(cell(item, result, row.size()));
  return row;
}

Row row_of_object(const JsonValue& object, const ResultSet& result, std::size_t number) {
  Row row;
  row.reserve(result.columns.size());
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    const std::string& column = result.columns[i];
    // Mostly the values stand in the order of the columns.
    const bool here = i < object.members.size() && object.members[i].key == column;
    const JsonValue* value = here ? &object.members[i].value : object.find(column);
    if (value == nullptr) {
      refuse(fmt::format("answered row {} without a value for {}", number, column_name(result, i)));
    }
    row.push_back(cell(*value, result, i));
  }
  return row;
}

std::string shape(const JsonValue& row) {
  if (row.is(Kind::kList)) return "a list";
  return row.is(Kind::kObject) ? "an object" : description_of(row);
}

void read_rows(const JsonValue& rows, bool columns_are_named, ResultSet& into) {
  if (!rows.is(Kind::kList)) {
    refuse(fmt::format("answered rows that are {}, not a list", description_of(rows)));
  }
  if (rows.items.empty()) return;
  const JsonValue& first = rows.items.front();
  if (first.is(Kind::kObject)) {
    if (!columns_are_named) {
      for (const JsonMember& member : first.members) into.columns.push_back(member.key);
    }
    require_distinct(into.columns);
  } else if (!first.is(Kind::kList)) {
    refuse(fmt::format("answered row 1 as {}, not as a list or an object", shape(first)));
  }
  const std::size_t width =
      first.is(Kind::kObject) || columns_are_named ? into.columns.size() : first.items.size();
  into.rows.reserve(rows.items.size());
  for (const JsonValue& row : rows.items) {
    const std::size_t number = into.rows.size() + 1;
    if (row.kind != first.kind) {
      refuse(
          fmt::format("answered row 1 as {} and row {} as {}", shape(first), number, shape(row)));
    }
    if (row.is(Kind::kList)) {
      require_width(row.items.size(), width, number);
      into.rows.push_back(row_of_list(row, into));
    } else {
      into.rows.push_back(row_of_object(row, into, number));
      // Each column was there, and no key stands twice: the same number means nothing else was.
      require_width(row.members.size(), width, number);
    }
  }
}

// execute_query_one answers the first row, or null where there was none.
JsonValue rows_of_one(const JsonValue& row) {
  JsonValue rows;
  rows.kind = Kind::kList;
  if (!row.is(Kind::kNull)) rows.items.push_back(row);
  return rows;
}

// Fewer rows than there were would be a version table that looks older, or empty.
void require_whole(const JsonValue& object, std::size_t rows) {
  for (const std::string_view key : kCutOffKeys) {
    const JsonValue* value = object.find_set(key);
    if (value == nullptr || (value->is(Kind::kBool) && value->text == "false") ||
        (value->is(Kind::kString) && value->text.empty())) {
      continue;
    }
    throw Error{Fault::kSqlApiFailed,
                fmt::format("the SQL API answered only a part of the rows ({} is {})", key,
                            description_of(*value)),
                "raise the number of rows that the function returns"};
  }
  for (const std::string_view key : kCountKeys) {
    const JsonValue* value = object.find_set(key);
    // -1 is "not known" by Python's database API. https://peps.python.org/pep-0249/#rowcount
    if (value == nullptr || (value->is(Kind::kNumber) && value->text == "-1")) continue;
    if (!value->is(Kind::kNumber)) {
      refuse(fmt::format("answered a {} that is {}, not a number", key, description_of(*value)));
    }
    if (value->text == std::to_string(rows)) continue;
    throw Error{Fault::kSqlApiFailed,
                fmt::format("the SQL API answered {} row{} and says that there are {}", rows,
                            rows == 1 ? "" : "s", one_line(value->text, 20)),
                "the rows were cut off, or the function counts something else: see its code"};
  }
}

// `object` is where the rows should be, `status` what an envelope around it says.
std::variant<ResultSet, SqlFailure> rows_or_error(const JsonValue& object,
                                                  std::optional<int> status) {
  status = worse_status(object, status);
  if (auto failure = api_error(object, status.value_or(200))) return *std::move(failure);
  if (status && (*status < 200 || *status > 299)) {
    refuse(fmt::format("answered with status {}, which is neither success nor an error", *status));
  }
  const JsonValue* rows = object.find("rows");
  const JsonValue* row = object.find("row");
  if (rows != nullptr && row != nullptr) {
    refuse("answered both rows and a row, so that it is not clear which counts");
  }
  if (rows == nullptr && row == nullptr) {
    refuse(fmt::format("answered {} where rows should be", description_of(object)));
  }
  ResultSet result;
  const bool columns_are_named = read_columns(object, result);
  if (rows != nullptr) {
    read_rows(*rows, columns_are_named, result);
  } else {
    read_rows(rows_of_one(*row), columns_are_named, result);
  }
  require_whole(object, result.rows.size());
  return result;
}

}  // namespace

std::variant<ResultSet, SqlFailure> sql_api_answer(const std::string& payload) {
  auto opened = open_answer(payload);
  if (auto* failure = std::get_if<SqlFailure>(&opened)) return std::move(*failure);
  const OpenedAnswer& answer = std::get<OpenedAnswer>(opened);
  if (!answer.content.is(Kind::kObject)) {
    refuse(fmt::format("answered {} that is {}, not an object", answer.what,
                       description_of(answer.content)));
  }
  return rows_or_error(answer.content, answer.status);
}

}  // namespace drift::sql
