// The forms in which rows are printed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "drift/query/row_page.h"

namespace drift::query {

enum class Form {
  // As psql does: a header, a rule, aligned columns, numbers to the right, "(3 rows)". A null is
  // [null], in faint print where there is colour. Columns are as wide as the first page needs; a
  // later page with longer values makes them wider from there on.
  kTable,
  kExpanded,  // a line for each value, "-[ RECORD 1 ]---" above each row; nulls as in a table
  kJson,      // one array of objects
  kCsv,       // RFC 4180; a null is an empty field, an empty string is ""
  kNdjson,    // one object a line
};

// Takes the pages of one result in turn and writes each at once. Names of columns that stand twice
// get a number in JSON (id, id_2), so that no value is lost.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  // The first page brings the columns; the others have the same.
  virtual void write(const RowPage& page) = 0;
  // After the last page: `rows` of all pages.
  virtual void finish(std::size_t rows) = 0;
};

using Output = std::function<void(std::string_view)>;

struct WriterSettings {
  Form form = Form::kTable;
  bool colour = false;
  // The output is a terminal, which must not obey what stands in a database.
  bool terminal = false;
};

std::unique_ptr<RowWriter> make_row_writer(const WriterSettings& settings, Output output);

// ------------------------------------------------------------------ how wide text is on a terminal

// Columns that `text` (printable, see drift/base/printable.h) takes: two for each wide character,
// none for combining ones.
std::size_t display_width(std::string_view text);

}  // namespace drift::query
