#include "drift/query/row_page.h"

#include <algorithm>
#include <array>
#include <utility>

#include "drift/sql/json_text.h"

namespace drift::query {
namespace {

using Kind = sql::JsonValue::Kind;

bool is_number_type(std::string_view type) {
  constexpr std::array<std::string_view, 8> kNumbers = {"int2",   "int4",    "int8", "float4",
                                                        "float8", "numeric", "oid",  "money"};
  return std::find(kNumbers.begin(), kNumbers.end(), type) != kNumbers.end();
}

}  // namespace

// Where the function does not tell types, its numbers do.
bool AnswerPage::is_number(std::size_t column) const {
  if (!answer_.types.empty()) return is_number_type(answer_.types[column]);
  bool any = false;
  for (const auto& row : answer_.rows) {
    if (row[column].is(Kind::kNull)) continue;
    if (!row[column].is(Kind::kNumber)) return false;
    any = true;
  }
  return any;
}

bool AnswerPage::is_null(std::size_t row, std::size_t column) const {
  return answer_.rows[row][column].is(Kind::kNull);
}

void AnswerPage::append_plain(std::string& out, std::size_t row, std::size_t column) const {
  const sql::JsonValue& value = answer_.rows[row][column];
  switch (value.kind) {
    case Kind::kNull: return;
    case Kind::kBool: out += value.text == "true" ? 't' : 'f'; return;
    case Kind::kNumber:
    case Kind::kString: out += value.text; return;
    case Kind::kList:
    case Kind::kObject: sql::append_json(out, value); return;
  }
}

void AnswerPage::append_json(std::string& out, std::size_t row, std::size_t column) const {
  sql::append_json(out, answer_.rows[row][column]);
}

void CellPage::begin(const std::vector<sql::Column>& columns,
                     std::vector<sql_api::ValueType> types) {
  names_.clear();
  for (const sql::Column& column : columns) names_.push_back(column.name);
  types_ = std::move(types);
  clear();
}

void CellPage::add(const std::vector<sql::Cell>& row) {
  for (const sql::Cell& cell : row) {
    if (cell) text_ += *cell;
    ends_.push_back(text_.size());
    nulls_.push_back(!cell);
  }
  ++rows_;
}

void CellPage::clear() {
  text_.clear();
  ends_.clear();
  nulls_.clear();
  rows_ = 0;
}

std::string_view CellPage::cell(std::size_t row, std::size_t column) const {
  const std::size_t place = row * names_.size() + column;
  const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
  return std::string_view(text_).substr(begin, ends_[place] - begin);
}

bool CellPage::is_number(std::size_t column) const { return is_number_type(types_[column].name); }

bool CellPage::is_null(std::size_t row, std::size_t column) const {
  return nulls_[row * names_.size() + column];
}

void CellPage::append_plain(std::string& out, std::size_t row, std::size_t column) const {
  sql_api::append_plain(out, cell(row, column), types_[column]);
}

void CellPage::append_json(std::string& out, std::size_t row, std::size_t column) const {
  if (is_null(row, column)) {
    out += "null";
  } else {
    sql_api::append_value(out, cell(row, column), types_[column]);
  }
}

}  // namespace drift::query
