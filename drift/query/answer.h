// What came back from the SQL API, whichever function it was.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drift/sql/strict_json.h"

namespace drift::query {

using Row = std::vector<sql::JsonValue>;

struct Answer {
  std::vector<std::string> columns;
  std::vector<std::string> types;  // of the columns; empty where the function does not tell
  std::vector<Row> rows;           // each as wide as `columns`
  std::optional<std::string> affected_rows;
  // Where the next page begins; "" where these were all the rows.
  std::string next_cursor;
  // The key by which the function says that these are not all the rows, without a way to the rest.
  std::string cut_off;
};

// What the database said against the statement, or what kept the function from asking it.
struct Refusal {
  std::string message;
  std::string type;      // "connection_failed"; "" where the function does not tell
  std::string sqlstate;  // "" where it does not tell
  std::string detail, hint;
  std::size_t position = 0;  // of the statement's character, from 1; 0 where none is told
};

// Reads what drift/sql/api_client_answer.h reads, and more: values that are lists or objects,
// pages, affected_rows, and results without rows. Of these a list becomes rows (of one column named
// after its key, or of the members of its objects), and a single value becomes one row. Throws
// Error{kSqlApiFailed} for what cannot be understood.
std::variant<Answer, Refusal> read_answer(const std::string& payload);

// Whether the rows were more than one answer holds, so that they can be asked for in pages.
bool is_too_large(const Refusal& refusal);

// Whether the database could not be asked at all.
bool is_unreachable(const Refusal& refusal);

}  // namespace drift::query
