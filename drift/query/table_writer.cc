#include "drift/query/table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "drift/base/printable.h"
#include "drift/query/cell_text.h"

namespace drift::query {
namespace {

using Kind = sql::JsonValue::Kind;

constexpr std::array<std::string_view, 8> kNumbers = {"int2",   "int4",    "int8", "float4",
                                                      "float8", "numeric", "oid",  "money"};
constexpr std::string_view kNull = "[null]";
constexpr std::string_view kFaint = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

// Where the function does not tell types, its numbers do.
bool holds_numbers(const Answer& page, std::size_t column) {
  if (!page.types.empty()) {
    return std::find(kNumbers.begin(), kNumbers.end(), page.types[column]) != kNumbers.end();
  }
  bool any = false;
  for (const Row& row : page.rows) {
    if (row[column].is(Kind::kNull)) continue;
    if (!row[column].is(Kind::kNumber)) return false;
    any = true;
  }
  return any;
}

void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

}  // namespace

void TableWriter::align(const Answer& page) {
  widths_.assign(page.columns.size(), 0);
  for (std::size_t i = 0; i < page.columns.size(); ++i) {
    widths_[i] = display_width(printable(page.columns[i]));
    to_the_right_.push_back(holds_numbers(page, i));
  }
}

std::vector<std::vector<TableWriter::Field>> TableWriter::fields_of(const Answer& page) {
  std::vector<std::vector<Field>> rows;
  rows.reserve(page.rows.size());
  for (const Row& row : page.rows) {
    std::vector<Field>& fields = rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      Field field;
      field.null = row[i].is(Kind::kNull);
      field.text = field.null ? std::string(kNull) : printable(cell_text(row[i]));
      field.width = display_width(field.text);
      widths_[i] = std::max(widths_[i], field.width);
      fields.push_back(std::move(field));
    }
  }
  return rows;
}

std::string TableWriter::header(const std::vector<std::string>& columns) const {
  std::string names, rule;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = printable(columns[i]);
    const std::size_t blanks = widths_[i] - display_width(name);
    names += i == 0 ? " " : " | ";
    names += std::string(blanks / 2, ' ') + name + std::string(blanks - blanks / 2, ' ');
    rule += (i == 0 ? "-" : "-+-") + std::string(widths_[i], '-');
  }
  end_line(names);
  return names + rule + "-\n";
}

std::string TableWriter::line(const std::vector<Field>& row) const {
  std::string text;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Field& field = row[i];
    const std::string blanks(widths_[i] - field.width, ' ');
    text += i == 0 ? " " : " | ";
    if (to_the_right_[i]) text += blanks;
    if (field.null && colour_) {
      text.append(kFaint).append(field.text).append(kPlain);
    } else {
      text += field.text;
    }
    if (!to_the_right_[i] && i + 1 < row.size()) text += blanks;
  }
  return text + '\n';
}

void TableWriter::write(const Answer& page) {
  if (!begun_) align(page);
  const auto rows = fields_of(page);
  std::string text;
  if (!begun_) text = page.columns.empty() ? "--\n" : header(page.columns);
  begun_ = true;
  if (!page.columns.empty()) {
    for (const std::vector<Field>& row : rows) text += line(row);
  }
  output_(text);
}

void TableWriter::finish(std::size_t rows) {
  output_(fmt::format("({} row{})\n", rows, rows == 1 ? "" : "s"));
}

}  // namespace drift::query
