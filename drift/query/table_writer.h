// Rows as psql prints them: a header, a rule, aligned columns, "(3 rows)".
#pragma once

#include <string>
#include <vector>

#include "drift/query/row_writer.h"

namespace drift::query {

// Numbers stand to the right. A null is [null], in faint print where there is colour. Characters
// that a terminal would obey stand as escapes (drift/base/printable.h), so that a row is a line.
// The columns are as wide as the first page needs; a later page with longer values makes them wider
// from there on.
class TableWriter : public RowWriter {
 public:
  TableWriter(bool colour, Output output) : colour_(colour), output_(std::move(output)) {}

  void write(const Answer& page) override;
  void finish(std::size_t rows) override;

 private:
  struct Field {
    std::string text;
    std::size_t width = 0;
    bool null = false;
  };

  std::vector<std::vector<Field>> fields_of(const Answer& page);
  void align(const Answer& page);
  std::string header(const std::vector<std::string>& columns) const;
  std::string line(const std::vector<Field>& row) const;

  bool colour_;
  Output output_;
  bool begun_ = false;
  std::vector<std::size_t> widths_;
  std::vector<bool> to_the_right_;
};

}  // namespace drift::query
