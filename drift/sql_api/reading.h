// Statements that read, each in a read-only transaction of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "drift/sql/postgres.h"
#include "drift/sql/read_only_transaction.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/request.h"
#include "drift/sql_api/statement.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

struct ReadOptions {
  bool row_security = false;
  std::optional<std::chrono::milliseconds> timeout;
};

// What one statement may take, which is over before `stop` is due.
sql::TransactionLimits limits_of(const ReadOptions& options, const Stop& stop);

// Runs `statements`, of which the last one gives the rows, after BEGIN READ ONLY and before
// ROLLBACK, all in one round trip. The server's error, or nothing. A kept connection that turns out
// to be lost before anything was answered is opened anew once: a read may be repeated.
// Throws as KeptConnection::get and Connection::run, what the sink throws, and
// Error{kInternal} where a statement ended the transaction.
std::optional<sql::ServerError> read(KeptConnection& kept, const sql::Group& statements,
                                     const ReadOptions& options, const Stop& stop);

struct ReadingLimits {
  std::size_t bytes = 0;                     // of the answer
  std::vector<std::string> allow_functions;  // as function_guard
  // Where it is given and the statement would change something: is set, and there is no answer.
  bool* needs_change = nullptr;
};

// The answer to `request`, whose statement has these facts: all rows of up to `limits.bytes`, one
// row for execute_query_one, or the page that it asks for. Throws as `read`, `bind` and
// `learn_types`, and Error{kUsage, kUnsupported, kTooManyRows}.
std::string reading_answer(KeptConnection& kept, const Request& request,
                           const StatementFacts& facts, const ReadingLimits& limits,
                           const Stop& stop);

// Takes the rows of a read while they arrive.
class RowReceiver {
 public:
  virtual ~RowReceiver() = default;
  // Once, before any row.
  virtual void columns(const std::vector<sql::Column>& columns,
                       const std::vector<ValueType>& types) = 0;
  virtual void row(const std::vector<sql::Cell>& row) = 0;
};

// All rows of `request`, whose statement has these facts, in one transaction and so of one
// snapshot, however many they are. A row has at most sql::kMostRowBytes. The error answer where the
// server refused; rows may have been given before. Throws as reading_answer and `rows`.
std::optional<std::string> stream_rows(KeptConnection& kept, const Request& request,
                                       const StatementFacts& facts, const ReadingLimits& limits,
                                       RowReceiver& rows, const Stop& stop);

// The most bytes of a row that may fit into an answer of `answer_bytes`: bytea in Base64 is two
// thirds of its text, and a column takes four bytes beside its value.
constexpr std::size_t most_row_bytes(std::size_t answer_bytes) {
  return 2 * answer_bytes + 64 * 1024;
}

// Learns from the catalog what `rows` must know of its types, where it does not know them all, in
// whatever transaction the connection is, and writes the rows that waited. Throws as learn_types.
void finish_rows(sql::Connection& connection, TypeCache& types, AnswerRows& rows, const Stop& stop);

// Where a big read goes on. Pure. What the pages of one read have in common:
struct PagedRead {
  std::string database, sql, params;  // params as JSON
};

// The text that stands for "`position` rows of this read have been seen". It holds no secret and
// guards nothing: whoever may send the statement may see all of its rows. Its checksum is there so
// that a cursor of another statement, or a damaged one, skips no rows in silence.
std::string page_cursor(const PagedRead& read, std::size_t position);

// The position in `cursor`. Throws Error{kUsage} for a text that is no cursor of this read.
std::size_t position_of(const std::string& cursor, const PagedRead& read);

}  // namespace drift::sql_api
