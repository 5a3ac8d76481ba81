#include "drift/sql_api/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/printable.h"
#include "drift/sql/json_text.h"
#include "drift/sql/sql_text.h"

namespace drift::sql_api {
namespace {

using sql::Wanted;

// What follows the rows: their number, the cursor.
constexpr std::size_t kTail = 256;

void require_distinct(const std::vector<sql::Column>& columns) {
  std::vector<std::string_view> names;
  for (const sql::Column& column : columns) names.push_back(column.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  throw Error{Fault::kUsage,
              fmt::format("two columns are named {}, and an object holds a name once",
                          sql::display_identifier(sql::one_line(*twice))),
              "name them apart with AS, or ask for \"rows\": \"lists\""};
}

std::string_view type_name(Fault fault) {
  switch (fault) {
    case Fault::kUsage: return "invalid_request";
    case Fault::kUnsupported: return "refused";
    case Fault::kReportNotStored: return "audit_failed";
    case Fault::kTooManyRows: return "answer_too_large";
    default: return fault_name(fault);
  }
}

// What the server leaves unsaid. The routine and not the words: those may be in any language.
std::string_view own_hint(const sql::ServerError& error) {
  if (error.sqlstate == "42501" && error.routine == "check_enable_rls") {
    return "\"row_security\": true in the request lets the policies choose the rows";
  }
  // BEGIN READ WRITE on a standby.
  const bool on_standby = error.sqlstate == "0A000" && error.routine == "call_bool_check_hook";
  if (error.sqlstate == "25006" || on_standby) {
    return "the database that answers only reads: name the writer's endpoint, or try again when a "
           "failover is over";
  }
  if (error.sqlstate == "57014" && error.routine == "ProcessInterrupts") {
    return "\"timeout_ms\" gives a statement more time, up to that of the function";
  }
  return "";
}

// A number of any size and precision: whoever reads it decides what of that it can hold.
ValueType as_number(ValueType type) {
  const bool number =
      type.notation == Notation::kBigNumber || type.name == "numeric" || type.name == "numeric[]";
  if (number) type.notation = Notation::kFloat;
  return type;
}

std::string as_error(sql::JsonObject parts) {
  return sql::JsonObject().add_json("error", parts.take()).take();
}

}  // namespace

void AnswerRows::columns(const std::vector<sql::Column>& columns) {
  described_ = true;
  columns_ = columns;
  if (shape_ == RowShape::kObjects) {
    require_distinct(columns_);
    for (const sql::Column& column : columns_) {
      std::string key = keys_.empty() ? "{" : ",";
      sql::append_json_string(key, column.name);
      keys_.push_back(key + ":");
    }
  }
  for (const sql::Column& column : columns_) {
    if (!builtin_type(column.type) && known_.count(column.type) == 0 &&
        std::find(unknown_.begin(), unknown_.end(), column.type) == unknown_.end()) {
      unknown_.push_back(column.type);
    }
  }
  if (unknown_.empty()) resolve();
}

void AnswerRows::resolve() {
  unknown_.clear();
  for (const sql::Column& column : columns_) {
    std::optional<ValueType> type = builtin_type(column.type);
    types_.push_back(type ? *std::move(type) : known_.at(column.type));
    if (limits_.envelope == Envelope::kProxy) types_.back() = as_number(types_.back());
  }
  begin_json();
  std::vector<sql::Cell> cells(columns_.size());
  std::string_view text = kept_;
  auto size = kept_sizes_.begin();
  for (std::size_t row = 0; row < kept_rows_; ++row) {
    for (sql::Cell& cell : cells) {
      const auto length = static_cast<std::size_t>(std::max<std::int64_t>(*size, 0));
      cell = *size < 0 ? sql::Cell{} : sql::Cell{text.substr(0, length)};
      text.remove_prefix(length);
      ++size;
    }
    if (write(cells) == Wanted::kNoMore) break;
  }
  kept_ = {};
  kept_sizes_ = {};
}

Wanted AnswerRows::row(const std::vector<sql::Cell>& row) {
  const Wanted wanted = unknown_.empty() ? write(row) : keep(row);
  enough_ = wanted == Wanted::kNoMore;
  return wanted;
}

Wanted AnswerRows::keep(const std::vector<sql::Cell>& row) {
  if (limits_.single && kept_rows_ == 1) {
    return limits_.rows == 1 ? Wanted::kNoMore : Wanted::kMore;
  }
  for (const sql::Cell& cell : row) {
    kept_sizes_.push_back(cell ? static_cast<std::int64_t>(cell->size()) : -1);
    if (cell) kept_ += *cell;
  }
  ++kept_rows_;
  // What this is as JSON at the least: bytea shrinks to two thirds, and something parts the values.
  const std::size_t least = kept_.size() / 2 + kept_sizes_.size();
  return least > limits_.bytes || kept_rows_ > limits_.rows ? Wanted::kNoMore : Wanted::kMore;
}

Wanted AnswerRows::write(const std::vector<sql::Cell>& row) {
  if (count_ == limits_.rows) {
    more_ = true;
    return Wanted::kNoMore;
  }
  if (limits_.single && count_ == 1) return Wanted::kMore;
  const std::size_t before = json_.size();
  const bool objects = shape_ == RowShape::kObjects;
  if (count_ > 0) json_ += ',';
  if (!objects) json_ += '[';
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (objects) {
      json_ += keys_[i];
    } else if (i > 0) {
      json_ += ',';
    }
    if (row[i]) {
      append_value(json_, *row[i], types_[i]);
    } else {
      json_ += "null";
    }
  }
  if (objects && row.empty()) json_ += '{';
  json_ += objects ? '}' : ']';
  if (json_.size() + kTail <= limits_.bytes) {
    ++count_;
    return Wanted::kMore;
  }
  json_.resize(before);
  more_ = true;
  too_large_ = !limits_.page || count_ == 0;
  return Wanted::kNoMore;
}

void AnswerRows::begin_json() {
  if (limits_.envelope == Envelope::kProxy) {
    json_ += limits_.single ? "{\"result\":" : "{\"result\":[";
    return;
  }
  json_ += "{\"columns\":[";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) json_ += ',';
    sql::append_json_string(json_, columns_[i].name);
  }
  json_ += "],\"types\":[";
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (i > 0) json_ += ',';
    sql::append_json_string(json_, types_[i].name);
  }
  json_ += limits_.single ? "],\"row\":" : "],\"rows\":[";
}

std::string AnswerRows::take_json() {
  if (limits_.single) {
    if (count_ == 0) json_ += "null";
  } else {
    json_ += ']';
  }
  if (limits_.envelope == Envelope::kBare) json_ += fmt::format(",\"row_count\":{}", count_);
  return std::move(json_);
}

std::string error_answer(const Error& error) {
  return error_answer(type_name(error.fault), error.what(), error.hint);
}

std::string error_answer(std::string_view type, std::string_view message, std::string_view hint) {
  return as_error(sql::JsonObject()
                      .add("type", type)
                      .add_if_any("message", printable(message))
                      .add_if_any("hint", printable(hint)));
}

std::string error_answer(const sql::ServerError& error) {
  sql::JsonObject parts;
  parts.add("type", "sql_failed")
      .add_if_any("sqlstate", error.sqlstate)
      .add_if_any("message", error.message)
      .add_if_any("detail", error.detail)
      .add_if_any("hint", error.hint.empty() ? own_hint(error) : error.hint);
  if (error.position > 0) parts.add_json("position", std::to_string(error.position));
  return as_error(std::move(parts));
}

}  // namespace drift::sql_api
