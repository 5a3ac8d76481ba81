// Where SQL can be asked: libpq here, the SQL API's Lambda elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace drift::sql {

// Rows as text, in PostgreSQL's output format; no value is NULL.
struct ResultSet {
  std::vector<std::string> columns;  // empty where the source does not name them
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// What the server answered instead of rows. Lost connections and time-outs are thrown, not this.
struct SqlFailure {
  std::string sqlstate;  // five characters, or "" where the source does not tell
  std::string message;   // the server's primary message, first line
};

class SqlSource {
 public:
  virtual ~SqlSource() = default;

  // One statement that reads: over libpq inside the source's one read-only transaction, over the
  // SQL API in a transaction of its own. After a SqlFailure the source can be asked no more.
  // Throws Error{kConnectionFailed, kDatabaseAuthenticationFailed, kTlsFailed, kTimedOut,
  // kInterrupted, kTooManyRows}.
  virtual std::variant<ResultSet, SqlFailure> query(const std::string& statement) = 0;

  // Which database this is, for people, without credentials: "app on db.example.com:5432".
  virtual std::string description() const = 0;

  // What a person should know about how it was reached ("the connection is not encrypted").
  virtual std::vector<std::string> warnings() const = 0;
};

// `text` as an SQL string literal, safe whatever standard_conforming_strings says. Characters that
// cannot be seen (drift/base/printable.h) are written as escapes.
// Requires: no NUL byte (throws Error{kUsage}).
std::string quoted_literal(std::string_view text);

// `name` as a quoted identifier.
std::string quoted_identifier(std::string_view name);

}  // namespace drift::sql
