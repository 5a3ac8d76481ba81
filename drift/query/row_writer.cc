#include "drift/query/row_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cwchar>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/base/utf8_locale.h"
#include "drift/sql/json_text.h"

namespace drift::query {
namespace {

// On a terminal what it would obey or reorder is written as an escape; line breaks inside JSON
// strings are one already.
class JsonWriter : public RowWriter {
 public:
  JsonWriter(bool lines, bool terminal, Output output)
      : lines_(lines), terminal_(terminal), output_(std::move(output)) {}

  void write(const RowPage& page) override {
    if (keys_.empty()) name_keys(page.columns());
    std::string text, object;
    for (std::size_t row = 0; row < page.rows(); ++row) {
      if (!lines_) text += first_ ? "[\n" : ",\n";
      first_ = false;
      object = "{";
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        object += keys_[i];
        page.append_json(object, row, i);
      }
      text += terminal_ ? printable(object) : object;
      text += lines_ ? "}\n" : "}";
    }
    output_(text);
  }

  void finish(std::size_t rows) override {
    if (!lines_) output_(rows == 0 ? "[]\n" : "\n]\n");
  }

 private:
  // {"id": , "name":  and so on, once.
  void name_keys(const std::vector<std::string>& columns) {
    std::vector<std::string> names;
    for (const std::string& column : columns) {
      std::string name = column;
      for (int number = 2; std::find(names.begin(), names.end(), name) != names.end(); ++number) {
        name = fmt::format("{}_{}", column, number);
      }
      std::string key = names.empty() ? "" : ",";
      sql::append_json_string(key, name);
      keys_.push_back(key + ":");
      names.push_back(std::move(name));
    }
  }

  bool lines_;
  bool terminal_;
  Output output_;
  std::vector<std::string> keys_;
  bool first_ = true;
};

// https://www.rfc-editor.org/rfc/rfc4180
class CsvWriter : public RowWriter {
 public:
  CsvWriter(bool terminal, Output output) : terminal_(terminal), output_(std::move(output)) {}

  void write(const RowPage& page) override {
    std::string text, value;
    const std::size_t columns = page.columns().size();
    if (!begun_) {
      begun_ = true;
      for (std::size_t i = 0; i < columns; ++i) {
        if (i > 0) text += ',';
        append_field(text, page.columns()[i]);
      }
      text += "\r\n";
    }
    for (std::size_t row = 0; row < page.rows(); ++row) {
      for (std::size_t i = 0; i < columns; ++i) {
        if (i > 0) text += ',';
        if (page.is_null(row, i)) continue;
        value.clear();
        page.append_plain(value, row, i);
        append_field(text, value);
      }
      text += "\r\n";
    }
    output_(text);
  }

  void finish(std::size_t) override {}

 private:
  // Quoted where it must be; an empty string, too, as PostgreSQL's COPY does to tell it from null.
  void append_field(std::string& text, const std::string& value) const {
    if (terminal_) return append_quoted(text, printable(value));
    append_quoted(text, value);
  }
  static void append_quoted(std::string& text, const std::string& field) {
    if (!field.empty() && std::none_of(field.begin(), field.end(), needs_quotes)) {
      text += field;
      return;
    }
    text += '"';
    for (const char c : field) {
      if (c == '"') text += c;
      text += c;
    }
    text += '"';
  }
  static bool needs_quotes(char c) { return c == ',' || c == '"' || c == '\r' || c == '\n'; }

  bool terminal_;
  Output output_;
  bool begun_ = false;
};

constexpr std::string_view kNull = "[null]";
constexpr std::string_view kFaint = "\x1b[2m";
constexpr std::string_view kPlain = "\x1b[0m";

void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

std::string shown_null(bool colour) {
  std::string text;
  if (colour) text += kFaint;
  text += kNull;
  if (colour) text += kPlain;
  return text;
}

// Characters that a terminal would obey stand as escapes, so that a row is a line.
class TableWriter : public RowWriter {
 public:
  TableWriter(bool colour, Output output) : colour_(colour), output_(std::move(output)) {}

  void write(const RowPage& page) override;
  void finish(std::size_t rows) override;

 private:
  struct Field {
    std::string text;
    std::size_t width = 0;
    bool null = false;
  };

  std::vector<std::vector<Field>> fields_of(const RowPage& page);
  void align(const RowPage& page);
  std::string header(const std::vector<std::string>& columns) const;
  std::string line(const std::vector<Field>& row) const;

  bool colour_;
  Output output_;
  bool begun_ = false;
  std::vector<std::size_t> widths_;
  std::vector<bool> to_the_right_;
};

void TableWriter::align(const RowPage& page) {
  widths_.assign(page.columns().size(), 0);
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    widths_[i] = display_width(printable(page.columns()[i]));
    to_the_right_.push_back(page.is_number(i));
  }
}

std::vector<std::vector<TableWriter::Field>> TableWriter::fields_of(const RowPage& page) {
  std::vector<std::vector<Field>> rows;
  rows.reserve(page.rows());
  std::string value;
  for (std::size_t row = 0; row < page.rows(); ++row) {
    std::vector<Field>& fields = rows.emplace_back();
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      Field field;
      field.null = page.is_null(row, i);
      value.clear();
      if (!field.null) page.append_plain(value, row, i);
      field.text = field.null ? std::string(kNull) : printable(value);
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
    text += field.null ? shown_null(colour_) : field.text;
    if (!to_the_right_[i] && i + 1 < row.size()) text += blanks;
  }
  return text + '\n';
}

void TableWriter::write(const RowPage& page) {
  if (!begun_) align(page);
  const auto rows = fields_of(page);
  std::string text;
  if (!begun_) text = widths_.empty() ? "--\n" : header(page.columns());
  begun_ = true;
  if (!widths_.empty()) {
    for (const std::vector<Field>& row : rows) text += line(row);
  }
  output_(text);
}

void TableWriter::finish(std::size_t rows) { output_(fmt::format("({})\n", counted(rows, "row"))); }

// As psql's expanded output, but for the rule, which is as long whatever the values are.
class ExpandedWriter : public RowWriter {
 public:
  ExpandedWriter(bool colour, Output output) : colour_(colour), output_(std::move(output)) {}

  void write(const RowPage& page) override {
    if (names_.empty()) name_lines(page.columns());
    std::string text, value;
    for (std::size_t row = 0; row < page.rows(); ++row) {
      std::string rule = fmt::format("-[ RECORD {} ]", ++count_);
      rule.resize(std::max(rule.size(), kRule), '-');
      text += rule + '\n';
      for (std::size_t i = 0; i < names_.size(); ++i) {
        text += names_[i];
        value.clear();
        if (page.is_null(row, i)) {
          value = shown_null(colour_);
        } else {
          page.append_plain(value, row, i);
          value = printable(value);
        }
        text += value.empty() ? "|\n" : "| " + value + '\n';
      }
    }
    output_(text);
  }

  void finish(std::size_t rows) override {
    if (rows == 0) output_("(0 rows)\n");
  }

 private:
  static constexpr std::size_t kRule = 40;

  // "id   ", "name ": as wide as the longest.
  void name_lines(const std::vector<std::string>& columns) {
    std::size_t widest = 0;
    for (const std::string& column : columns) {
      widest = std::max(widest, display_width(names_.emplace_back(printable(column))));
    }
    for (std::string& name : names_) name.append(widest + 1 - display_width(name), ' ');
  }

  bool colour_;
  Output output_;
  std::vector<std::string> names_;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<RowWriter> make_row_writer(const WriterSettings& settings, Output output) {
  switch (settings.form) {
    case Form::kTable: break;
    case Form::kJson:
    case Form::kNdjson:
      return std::make_unique<JsonWriter>(settings.form == Form::kNdjson, settings.terminal,
                                          std::move(output));
    case Form::kExpanded:
      return std::make_unique<ExpandedWriter>(settings.colour, std::move(output));
    case Form::kCsv: return std::make_unique<CsvWriter>(settings.terminal, std::move(output));
  }
  return std::make_unique<TableWriter>(settings.colour, std::move(output));
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  const InUtf8Locale locale;
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    text.remove_prefix(character.size);
    if (character.code_point < 0x80) {
      ++width;
      continue;
    }
    const int columns = ::wcwidth(static_cast<wchar_t>(character.code_point));
    width += columns < 0 ? 1 : static_cast<std::size_t>(columns);
  }
  return width;
}

}  // namespace drift::query
