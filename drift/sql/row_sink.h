// Where the rows of a statement go while they arrive.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::sql {

struct Column {
  std::string name;
  // pg_type.oid; a domain's is that of its base type.
  // https://www.postgresql.org/docs/15/protocol-message-formats.html (RowDescription)
  std::uint32_t type = 0;
};

// A value in PostgreSQL's text format, nothing for NULL; good only while `row` runs.
using Cell = std::optional<std::string_view>;

enum class Wanted { kMore, kNoMore };

class RowSink {
 public:
  virtual ~RowSink() = default;
  // Once, before the first row, and also where there is no row.
  virtual void columns(const std::vector<Column>& columns) = 0;
  // kNoMore: the rest is passed over, at the server too where it is much. May throw Error.
  virtual Wanted row(const std::vector<Cell>& row) = 0;
};

}  // namespace drift::sql
