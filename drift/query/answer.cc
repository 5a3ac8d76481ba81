#include "drift/query/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/likely_secrets.h"
#include "drift/sql/answer_envelope.h"
#include "drift/sql/api_error.h"
#include "drift/sql/sql_text.h"

namespace drift::query {
namespace {

using sql::JsonMember;
using sql::JsonValue;
using Kind = JsonValue::Kind;

constexpr std::array<std::string_view, 10> kCutOffKeys = {
    "truncated", "is_truncated", "isTruncated", "has_more",  "hasMore",
    "partial",   "incomplete",   "next_token",  "nextToken", "NextToken"};
constexpr std::array<std::string_view, 3> kAffectedKeys = {"affected_rows", "affectedRows",
                                                           "rows_affected"};
// As many as fit into the 6 MB that Lambda passes on, each with what parts it from the next.
constexpr std::size_t kMostValues = 3'200'000;
// What says how it went, and is no part of the result.
constexpr std::array<std::string_view, 9> kAsideKeys = {"success",    "ok",          "status",
                                                        "statusCode", "status_code", "error",
                                                        "errors",     "row_count",   "action"};

template <std::size_t kSize>
const JsonValue* first_of(const JsonValue& object,
                          const std::array<std::string_view, kSize>& keys) {
  for (const std::string_view key : keys) {
    if (const JsonValue* value = object.find_set(key)) return value;
  }
  return nullptr;
}

[[noreturn]] void refuse(const std::string& what) { throw sql::not_understood(what); }

std::vector<std::string> names_of(const JsonValue& list) {
  std::vector<std::string> names;
  for (const JsonValue& name : list.items) {
    if (!name.is(Kind::kString)) return {};
    names.push_back(name.text);
  }
  return names;
}

void read_column_names(const JsonValue& object, Answer& into) {
  if (const JsonValue* columns = object.find_set("columns")) {
    into.columns = names_of(*columns);
    if (!columns->is(Kind::kList) || into.columns.size() != columns->items.size()) {
      refuse("answered columns that are no list of names");
    }
  }
  if (const JsonValue* types = object.find_set("types")) into.types = names_of(*types);
  if (into.types.size() != into.columns.size()) into.types.clear();
}

Row row_of_object(JsonValue& object, const std::vector<std::string>& columns, std::size_t number) {
  Row row;
  row.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const bool here = i < object.members.size() && object.members[i].key == columns[i];
    const auto found =
        here ? object.members.begin() + static_cast<std::ptrdiff_t>(i)
             : std::find_if(object.members.begin(), object.members.end(),
                            [&](const JsonMember& one) { return one.key == columns[i]; });
    if (found == object.members.end()) {
      refuse(fmt::format("answered row {} without a value for {}", number,
                         sql::display_identifier(sql::one_line(columns[i]))));
    }
    row.push_back(std::move(found->value));
  }
  return row;
}

// Rows are lists or objects. `named` says whether the columns are known already.
void read_rows(JsonValue& list, bool named, Answer& into) {
  if (!list.is(Kind::kList)) {
    refuse(fmt::format("answered rows that are {}, not a list", sql::description_of(list)));
  }
  for (JsonValue& item : list.items) {
    const std::size_t number = into.rows.size() + 1;
    if (item.is(Kind::kObject)) {
      if (!named) {
        for (const JsonMember& member : item.members) into.columns.push_back(member.key);
        named = true;
      }
      if (item.members.size() != into.columns.size()) {
        refuse(fmt::format("answered {} values in row {} where there should be {}",
                           item.members.size(), number, into.columns.size()));
      }
      into.rows.push_back(row_of_object(item, into.columns, number));
    } else if (item.is(Kind::kList)) {
      if (!named) {
        for (std::size_t i = 1; i <= item.items.size(); ++i) {
          into.columns.push_back(fmt::format("column{}", i));
        }
        named = true;
      }
      if (item.items.size() != into.columns.size()) {
        refuse(fmt::format("answered {} values in row {} where there should be {}",
                           item.items.size(), number, into.columns.size()));
      }
      into.rows.push_back(std::move(item.items));
    } else {
      refuse(fmt::format("answered row {} as {}, not as a list or an object", number,
                         sql::description_of(item)));
    }
  }
}

// A list that is the whole result: table names, or the columns of a table as objects.
void read_list(const std::string& name, JsonValue& list, Answer& into) {
  const bool of_rows =
      !list.items.empty() && std::all_of(list.items.begin(), list.items.end(), [](const auto& one) {
        return one.is(Kind::kObject) || one.is(Kind::kList);
      });
  if (of_rows) return read_rows(list, false, into);
  into.columns = {name};
  for (JsonValue& item : list.items) into.rows.push_back({std::move(item)});
}

// {"tables": [...]}, {"count": 3}, {"version": "..."}: a result that goes by its own name.
void read_named_result(JsonValue& object, Answer& into) {
  std::vector<JsonMember*> results;
  for (JsonMember& member : object.members) {
    const bool aside =
        std::find(kAsideKeys.begin(), kAsideKeys.end(), member.key) != kAsideKeys.end();
    if (!aside && !member.value.is(Kind::kNull)) results.push_back(&member);
  }
  const auto list = std::find_if(results.begin(), results.end(),
                                 [](const auto* one) { return one->value.is(Kind::kList); });
  if (list != results.end()) return read_list((*list)->key, (*list)->value, into);
  if (results.empty() && into.affected_rows) return;
  if (results.empty()) refuse(fmt::format("answered {}", sql::description_of(object)));
  Row row;
  for (JsonMember* member : results) {
    into.columns.push_back(member->key);
    row.push_back(std::move(member->value));
  }
  into.rows.push_back(std::move(row));
}

Answer read_result(JsonValue& content) {
  Answer answer;
  if (content.is(Kind::kList)) {
    read_list("name", content, answer);
    return answer;
  }
  if (!content.is(Kind::kObject)) {
    answer.columns = {"result"};
    answer.rows.push_back({std::move(content)});
    return answer;
  }
  if (const JsonValue* affected = first_of(content, kAffectedKeys)) {
    answer.affected_rows = affected->text;
  }
  if (const JsonValue* cursor = content.find_set("next_cursor")) answer.next_cursor = cursor->text;
  for (const std::string_view key : kCutOffKeys) {
    const JsonValue* value = content.find_set(key);
    const bool says_so = value != nullptr && value->text != "false" &&
                         !(value->is(Kind::kString) && value->text.empty());
    if (says_so && answer.next_cursor.empty()) answer.cut_off = key;
  }
  const auto rows = std::find_if(content.members.begin(), content.members.end(),
                                 [](const JsonMember& one) { return one.key == "rows"; });
  const bool has_rows = rows != content.members.end() && !rows->value.is(Kind::kNull);
  if (has_rows && rows->value.is(Kind::kList)) {
    read_column_names(content, answer);
    read_rows(rows->value, content.find_set("columns") != nullptr, answer);
  } else if (answer.affected_rows) {
    return answer;
  } else {
    read_named_result(content, answer);
  }
  return answer;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find_set(key);
  return value != nullptr && value->is(Kind::kString) ? value->text : std::string{};
}

// The parts of a structured error; the words of any other.
Refusal refusal_of(const JsonValue& content, const sql::SqlFailure& failure) {
  Refusal refusal;
  refusal.message = failure.message;
  refusal.sqlstate = failure.sqlstate;
  const JsonValue* error = content.find_set("error");
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

std::variant<Answer, Refusal> read_answer(const std::string& payload) {
  auto opened = sql::open_answer(payload, kMostValues);
  if (const auto* failure = std::get_if<sql::SqlFailure>(&opened)) {
    return refusal_of({}, *failure);
  }
  auto& answer = std::get<sql::OpenedAnswer>(opened);
  const std::optional<int> status = sql::worse_status(answer.content, answer.status);
  if (const auto failure = sql::api_error(answer.content, status.value_or(200))) {
    return refusal_of(answer.content, *failure);
  }
  if (status && (*status < 200 || *status > 299)) {
    refuse(fmt::format("answered with status {}, which is neither success nor an error", *status));
  }
  return read_result(answer.content);
}

bool is_too_large(const Refusal& refusal) { return refusal.type == "answer_too_large"; }

bool is_unreachable(const Refusal& refusal) {
  // Class 08 is PostgreSQL's own for connections, 28 for logins; 57P01 to 57P03 end or refuse them.
  // https://www.postgresql.org/docs/15/errcodes-appendix.html
  const std::string& state = refusal.sqlstate;
  const bool lost =
      state.starts_with("08") && state != "08P01";  // that one is a protocol violation
  if (lost || state.starts_with("28") || state.starts_with("57P")) return true;
  constexpr std::array<std::string_view, 8> kTypes = {
      "connection_failed", "database_authentication_failed",
      "tls_failed",        "http_failed",
      "no_credentials",    "access_denied",
      "aws_failed",        "permission_denied"};
  return state.empty() && std::find(kTypes.begin(), kTypes.end(), refusal.type) != kTypes.end();
}

}  // namespace drift::query
