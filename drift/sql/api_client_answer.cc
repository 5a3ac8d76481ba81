#include "drift/sql/api_client_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/likely_secrets.h"
#include "drift/base/text.h"
#include "drift/sql/api_error.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

using Kind = JsonValue::Kind;
using Row = std::vector<JsonValue>;

// Rows, statuses and counts go by these names in the deployed functions and their relatives. What
// matters is that none of them can say "this is not all" or "this failed" without being heard.
constexpr std::array<std::string_view, 2> kStatusKeys = {"statusCode", "status_code"};
constexpr std::array<std::string_view, 3> kCountKeys = {"row_count", "rowCount", "rowcount"};
constexpr std::array<std::string_view, 3> kAffectedKeys = {"affected_rows", "affectedRows",
                                                           "rows_affected"};
constexpr std::array<std::string_view, 11> kCutOffKeys = {
    "truncated",  "is_truncated", "isTruncated", "has_more",  "hasMore",    "partial",
    "incomplete", "next_token",   "nextToken",   "NextToken", "next_cursor"};
// What says how it went, and is no part of a result that goes by its own name.
constexpr std::array<std::string_view, 9> kAsideKeys = {"success",    "ok",          "status",
                                                        "statusCode", "status_code", "error",
                                                        "errors",     "row_count",   "action"};

// MaxTupleAttributeNumber: the most a query can return.
// https://www.postgresql.org/docs/15/limits.html
constexpr std::size_t kMaxColumns = 1'664;
// As many as fit into the 6 MB that Lambda passes on, each with what parts it from the next.
constexpr std::size_t kMostValues = 3'200'000;

[[noreturn]] void refuse(const std::string& what) {
  throw Error{Fault::kSqlApiFailed, "the SQL API " + what,
              "a query is answered by {\"columns\", \"rows\", \"row_count\"}, bare or as the body "
              "of {\"statusCode\", \"body\"}"};
}

[[noreturn]] void refuse_kind(std::string_view what, const JsonValue& value,
                              std::string_view wanted) {
  refuse(fmt::format("answered {} {}, not {}", what, description_of(value), wanted));
}

bool says_nothing(const JsonValue& value) {
  return (value.is(Kind::kBool) && value.text == "false") ||
         (value.is(Kind::kString) && value.text.empty());
}

// The member of that name, to be taken from; nullptr where there is none.
JsonValue* member_of(JsonValue& object, std::string_view key) {
  const auto found = std::find_if(object.members.begin(), object.members.end(),
                                  [&](const JsonMember& one) { return one.key == key; });
  return found == object.members.end() ? nullptr : &found->value;
}

JsonValue value_of(const std::string& text, std::string_view what, std::size_t most_values) {
  auto read = read_json(text, most_values);
  if (const auto* refusal = std::get_if<JsonRefusal>(&read)) {
    refuse(fmt::format("answered {} that {}", what, refusal->reason));
  }
  return std::get<JsonValue>(std::move(read));
}

// The HTTP-like status of an object; nothing where it has none.
std::optional<int> status_of(const JsonValue& object) {
  for (const std::string_view key : kStatusKeys) {
    const JsonValue* value = object.find(key);
    if (value == nullptr) continue;
    int status = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [rest, failure] = std::from_chars(value->text.data(), end, status);
    if (!value->is(Kind::kNumber) || failure != std::errc{} || rest != end || status < 100 ||
        status > 599) {
      refuse_kind(fmt::format("a {} that is", key), *value, "one from 100 to 599");
    }
    return status;
  }
  return {};
}

struct Opened {
  JsonValue content;
  std::string_view what = "a text";  // or "a body"
  std::optional<int> status;         // of the envelope
  std::optional<SqlFailure> failure;
};

// The answer out of its envelope. An error beside the body, and the plain words that gateways
// answer with a status of 400 and above, are a failure already.
Opened open_envelope(JsonValue answer, std::size_t most_values) {
  JsonValue* body = member_of(answer, "body");
  if (body == nullptr) return {std::move(answer), "a text", {}, {}};
  if (answer.find("rows") != nullptr) {
    refuse("answered both rows and a body, so that it is not clear which counts");
  }
  const std::optional<int> status = status_of(answer);
  if (auto failure = api_error(answer, 200)) {
    return {std::move(answer), "a text", status, std::move(failure)};
  }
  const bool failed = status && *status >= 400;
  if (!body->is(Kind::kString)) {
    Opened opened{std::move(*body), "a body", status, {}};
    if (failed && !opened.content.is(Kind::kObject)) {
      opened.failure = SqlFailure{"", fmt::format("status {}", *status)};
    }
    return opened;
  }
  const JsonValue* encoded = answer.find("isBase64Encoded");
  if (encoded != nullptr && encoded->is(Kind::kBool) && encoded->text == "true") {
    refuse("answered a body in Base64, which is for binary data");
  }
  if (!failed) return {value_of(body->text, "a body", most_values), "a body", status, {}};
  // API Gateway's own errors, and those of frameworks, may be plain words.
  auto read = read_json(body->text);
  auto* value = std::get_if<JsonValue>(&read);
  if (value != nullptr && value->is(Kind::kObject)) {
    return {std::move(*value), "a body", status, {}};
  }
  return {{},
          "a body",
          status,
          SqlFailure{"", fmt::format("status {}: {}", *status,
                                     one_line(without_likely_secrets(body->text)))}};
}

// A failure, or what should be the result.
Opened open_answer(const std::string& payload, std::size_t most_values) {
  if (payload.empty()) refuse("answered nothing");
  Opened opened = open_envelope(value_of(payload, "a text", most_values), most_values);
  if (opened.failure) return opened;
  const std::optional<int> own = status_of(opened.content);
  const int status = std::max(opened.status.value_or(own.value_or(200)), own.value_or(0));
  opened.failure = api_error(opened.content, status);
  if (!opened.failure && (status < 200 || status > 299)) {
    refuse(fmt::format("answered with status {}, which is neither success nor an error", status));
  }
  return opened;
}

std::string column_name(const std::vector<std::string>& columns, std::size_t index) {
  if (index < columns.size()) return display_identifier(one_line(columns[index]));
  return fmt::format("column {}", index + 1);
}

// Whether the answer names its columns.
bool read_columns(const JsonValue& object, ApiAnswer& into) {
  const JsonValue* columns = object.find_set("columns");
  if (columns == nullptr) return false;
  if (!columns->is(Kind::kList)) refuse_kind("columns that are", *columns, "a list");
  for (const JsonValue& column : columns->items) {
    if (!column.is(Kind::kString)) {
      refuse(fmt::format("answered {} among the names of the columns", description_of(column)));
    }
    into.columns.push_back(column.text);
  }
  const JsonValue* types = object.find_set("types");
  if (types == nullptr || types->items.size() != into.columns.size()) return true;
  for (const JsonValue& type : types->items) into.types.push_back(type.text);
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
  refuse(fmt::format("answered {} in row {} where there should be {}", counted(values, "value"),
                     number, width));
}

Row row_of_object(JsonValue& object, const std::vector<std::string>& columns, std::size_t number) {
  Row row;
  row.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    // Mostly the values stand in the order of the columns.
    const bool here = i < object.members.size() && object.members[i].key == columns[i];
    JsonValue* value = here ? &object.members[i].value : member_of(object, columns[i]);
    if (value == nullptr) {
      refuse(
          fmt::format("answered row {} without a value for {}", number, column_name(columns, i)));
    }
    row.push_back(std::move(*value));
  }
  // Each column was there, and no key stands twice: the same number means nothing else was.
  require_width(object.members.size(), columns.size(), number);
  return row;
}

std::string shape(const JsonValue& row) {
  if (row.is(Kind::kList)) return "a list";
  return row.is(Kind::kObject) ? "an object" : description_of(row);
}

void read_rows(std::vector<JsonValue>& rows, bool columns_are_named, ApiAnswer& into) {
  if (rows.empty()) return;
  const JsonValue& first = rows.front();
  if (first.is(Kind::kObject)) {
    if (!columns_are_named) {
      for (const JsonMember& member : first.members) into.columns.push_back(member.key);
    }
    require_distinct(into.columns);
  } else if (!first.is(Kind::kList)) {
    refuse_kind("row 1 as", first, "as a list or an object");
  }
  const Kind kind = first.kind;
  const std::string first_shape = shape(first);
  const std::size_t width =
      kind == Kind::kObject || columns_are_named ? into.columns.size() : first.items.size();
  into.rows.reserve(rows.size());
  for (JsonValue& row : rows) {
    const std::size_t number = into.rows.size() + 1;
    if (row.kind != kind) {
      refuse(fmt::format("answered row 1 as {} and row {} as {}", first_shape, number, shape(row)));
    }
    if (kind == Kind::kObject) {
      into.rows.push_back(row_of_object(row, into.columns, number));
    } else {
      require_width(row.items.size(), width, number);
      into.rows.push_back(std::move(row.items));
    }
  }
}

// The rows in `object`, whose columns then have the names that it gives them, or none. False where
// it has none.
bool read_rows_of(JsonValue& object, ApiAnswer& into) {
  JsonValue* rows = member_of(object, "rows");
  JsonValue* row = member_of(object, "row");
  if (rows != nullptr && row != nullptr) {
    refuse("answered both rows and a row, so that it is not clear which counts");
  }
  const bool has_rows = rows != nullptr && rows->is(Kind::kList);
  // execute_query_one answers the first row, or null where there was none.
  const bool has_row =
      row != nullptr && (row->is(Kind::kList) || row->is(Kind::kObject) || row->is(Kind::kNull));
  if (!has_rows && !has_row) return false;
  const bool columns_are_named = read_columns(object, into);
  std::vector<JsonValue> one;
  if (has_row && !row->is(Kind::kNull)) one.push_back(std::move(*row));
  read_rows(has_rows ? rows->items : one, columns_are_named, into);
  return true;
}

// The member by which `object` says that its rows are not all of them.
const JsonMember* cut_off_member(const JsonValue& object) {
  for (const std::string_view key : kCutOffKeys) {
    for (const JsonMember& member : object.members) {
      const bool all = member.value.is(Kind::kNull) || says_nothing(member.value);
      if (member.key == key && !all) return &member;
    }
  }
  return nullptr;
}

// Fewer rows than there were would be a version table that looks older, or empty.
void require_whole(const JsonValue& object, std::size_t rows) {
  if (const JsonMember* member = cut_off_member(object)) {
    throw Error{Fault::kSqlApiFailed,
                fmt::format("the SQL API answered only a part of the rows ({} is {})", member->key,
                            description_of(member->value)),
                "raise the number of rows that the function returns"};
  }
  for (const std::string_view key : kCountKeys) {
    const JsonValue* value = object.find_set(key);
    // -1 is "not known" by Python's database API. https://peps.python.org/pep-0249/#rowcount
    if (value == nullptr || (value->is(Kind::kNumber) && value->text == "-1")) continue;
    if (!value->is(Kind::kNumber)) {
      refuse_kind(fmt::format("a {} that is", key), *value, "a number");
    }
    if (value->text == std::to_string(rows)) continue;
    throw Error{Fault::kSqlApiFailed,
                fmt::format("the SQL API answered {} and says that there are {}",
                            counted(rows, "row"), one_line(value->text, 20)),
                "the rows were cut off, or the function counts something else: see its code"};
  }
}

std::optional<std::string> cell(JsonValue& value, const std::vector<std::string>& columns,
                                std::size_t index) {
  switch (value.kind) {
    case Kind::kNull: return std::nullopt;
    case Kind::kBool: return value.text == "true" ? "t" : "f";
    case Kind::kNumber:
    case Kind::kString: return std::move(value.text);
    case Kind::kList:
    case Kind::kObject: break;
  }
  refuse(fmt::format("answered {} as the value of {}", description_of(value),
                     column_name(columns, index)));
}

// A list that is the whole result: table names, or the columns of a table as objects.
void read_list(const std::string& name, JsonValue& list, ApiAnswer& into) {
  const bool of_rows =
      !list.items.empty() && std::all_of(list.items.begin(), list.items.end(), [](const auto& one) {
        return one.is(Kind::kObject) || one.is(Kind::kList);
      });
  if (of_rows) return read_rows(list.items, false, into);
  into.columns = {name};
  for (JsonValue& item : list.items) into.rows.push_back({std::move(item)});
}

// {"tables": [...]}, {"count": 3}, {"version": "..."}: a result that goes by its own name.
void read_named_result(JsonValue& object, ApiAnswer& into) {
  std::vector<JsonMember*> results;
  for (JsonMember& member : object.members) {
    const bool aside =
        std::find(kAsideKeys.begin(), kAsideKeys.end(), member.key) != kAsideKeys.end();
    if (!aside && !member.value.is(Kind::kNull)) results.push_back(&member);
  }
  if (results.empty()) refuse(fmt::format("answered {}", description_of(object)));
  const auto list = std::find_if(results.begin(), results.end(),
                                 [](const auto* one) { return one->value.is(Kind::kList); });
  if (list != results.end()) return read_list((*list)->key, (*list)->value, into);
  Row row;
  for (JsonMember* member : results) {
    into.columns.push_back(member->key);
    row.push_back(std::move(member->value));
  }
  into.rows.push_back(std::move(row));
}

ApiAnswer read_any_result(JsonValue& content) {
  ApiAnswer answer;
  if (content.is(Kind::kList)) {
    read_list("name", content, answer);
  } else if (!content.is(Kind::kObject)) {
    answer.columns = {"result"};
    answer.rows.push_back({std::move(content)});
  } else {
    for (const std::string_view key : kAffectedKeys) {
      const JsonValue* value = content.find_set(key);
      if (value != nullptr && !answer.affected_rows) answer.affected_rows = value->text;
    }
    const JsonValue* cursor = content.find_set("next_cursor");
    if (cursor != nullptr) answer.next_cursor = cursor->text;
    const JsonMember* member = cut_off_member(content);
    if (member != nullptr && answer.next_cursor.empty()) answer.cut_off = member->key;
    if (!read_rows_of(content, answer) && !answer.affected_rows) read_named_result(content, answer);
  }
  const std::size_t width = answer.rows.empty() ? 0 : answer.rows.front().size();
  for (std::size_t i = answer.columns.size(); i < width; ++i) {
    answer.columns.push_back(fmt::format("column{}", i + 1));
  }
  return answer;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find_set(key);
  return value != nullptr && value->is(Kind::kString) ? value->text : std::string{};
}

// The parts of a structured error; the words of any other.
ApiRefusal refusal_of(const Opened& opened) {
  ApiRefusal refusal;
  refusal.message = opened.failure->message;
  refusal.sqlstate = opened.failure->sqlstate;
  const JsonValue* error = opened.content.find_set("error");
  if (error == nullptr || !error->is(Kind::kObject)) return refusal;
  if (const std::string message = text_of(*error, "message"); !message.empty()) {
    refusal.message = without_likely_secrets(message);
  }
  refusal.type = text_of(*error, "type");
  refusal.detail = without_likely_secrets(text_of(*error, "detail"));
  refusal.hint = without_likely_secrets(text_of(*error, "hint"));
  if (const JsonValue* position = error->find_set("position")) {
    const std::string& digits = position->text;
    std::from_chars(digits.data(), digits.data() + digits.size(), refusal.position);
  }
  return refusal;
}

}  // namespace

std::variant<ApiAnswer, ApiRefusal> read_api_answer(const std::string& payload) {
  Opened opened = open_answer(payload, kMostValues);
  if (opened.failure) return refusal_of(opened);
  return read_any_result(opened.content);
}

std::variant<ResultSet, SqlFailure> sql_api_answer(const std::string& payload) {
  Opened opened = open_answer(payload, kMaxJsonValues);
  if (opened.failure) return *std::move(opened.failure);
  JsonValue& object = opened.content;
  if (!object.is(Kind::kObject)) {
    refuse_kind(fmt::format("{} that is", opened.what), object, "an object");
  }
  ApiAnswer answer;
  if (!read_rows_of(object, answer)) {
    if (const JsonValue* rows = object.find("rows")) refuse_kind("rows that are", *rows, "a list");
    refuse(fmt::format("answered {} where rows should be", description_of(object)));
  }
  require_whole(object, answer.rows.size());
  ResultSet result;
  result.rows.reserve(answer.rows.size());
  for (Row& row : answer.rows) {
    auto& cells = result.rows.emplace_back();
    cells.reserve(row.size());
    for (JsonValue& value : row) cells.push_back(cell(value, answer.columns, cells.size()));
  }
  result.columns = std::move(answer.columns);
  result.typed = !answer.types.empty();
  return result;
}

}  // namespace drift::sql
