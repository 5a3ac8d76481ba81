#include "drift/query/row_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/printable.h"
#include "drift/query/cell_text.h"
#include "drift/query/table_writer.h"

namespace drift::query {
namespace {

using Kind = sql::JsonValue::Kind;

// What a terminal would obey or reorder is written as an escape; line breaks inside JSON strings
// are one already.
std::string shown(const std::string& text, bool terminal) {
  return terminal ? printable(text) : text;
}

class JsonWriter : public RowWriter {
 public:
  JsonWriter(bool lines, bool terminal, Output output)
      : lines_(lines), terminal_(terminal), output_(std::move(output)) {}

  void write(const Answer& page) override {
    if (keys_.empty()) name_keys(page.columns);
    std::string text;
    for (const Row& row : page.rows) {
      if (!lines_) text += first_ ? "[\n" : ",\n";
      first_ = false;
      std::string object = "{";
      for (std::size_t i = 0; i < row.size(); ++i) {
        object += keys_[i];
        append_json(object, row[i]);
      }
      text += shown(object, terminal_) + (lines_ ? "}\n" : "}");
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
      append_json_string(key, name);
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

  void write(const Answer& page) override {
    std::string text;
    if (!begun_) {
      begun_ = true;
      for (std::size_t i = 0; i < page.columns.size(); ++i) {
        if (i > 0) text += ',';
        append_field(text, page.columns[i]);
      }
      text += "\r\n";
    }
    for (const Row& row : page.rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) text += ',';
        if (!row[i].is(Kind::kNull)) append_field(text, cell_text(row[i]));
      }
      text += "\r\n";
    }
    output_(text);
  }

  void finish(std::size_t) override {}

 private:
  // Quoted where it must be; an empty string, too, as PostgreSQL's COPY does to tell it from null.
  void append_field(std::string& text, const std::string& value) const {
    const std::string field = shown(value, terminal_);
    if (!field.empty() && field.find_first_of(",\"\r\n") == std::string::npos) {
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

  bool terminal_;
  Output output_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<RowWriter> make_row_writer(const WriterSettings& settings, Output output) {
  switch (settings.form) {
    case Form::kTable: break;
    case Form::kJson:
    case Form::kNdjson:
      return std::make_unique<JsonWriter>(settings.form == Form::kNdjson, settings.terminal,
                                          std::move(output));
    case Form::kCsv: return std::make_unique<CsvWriter>(settings.terminal, std::move(output));
  }
  return std::make_unique<TableWriter>(settings.colour, std::move(output));
}

}  // namespace drift::query
