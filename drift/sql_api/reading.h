// One statement in a read-only transaction of its own.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drift/sql/postgres.h"
#include "drift/sql/sql_source.h"
#include "drift/sql_api/answer_rows.h"
#include "drift/sql_api/kept_connection.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

struct ReadOptions {
  bool row_security = false;
  std::optional<std::chrono::milliseconds> timeout;
};

// Runs `statements`, of which the last one gives the rows, after BEGIN READ ONLY and before
// ROLLBACK, all in one round trip. The server's error, or nothing. A kept connection that turns out
// to be lost before anything was answered is opened anew once: a read may be repeated.
// Throws as KeptConnection::get and Connection::run, what the sink throws, and
// Error{kInternal} where a statement ended the transaction.
std::optional<sql::ServerError> read(KeptConnection& kept, const sql::Group& statements,
                                     const ReadOptions& options, const Stop& stop);

// As `read`, with the types of the rows that only the catalog knows. `rows` is the sink of the last
// statement. An error of a statement that was cancelled because `rows` has enough is none.
std::optional<sql::ServerError> read_rows(KeptConnection& kept, const sql::Group& statements,
                                          AnswerRows& rows, const ReadOptions& options,
                                          const Stop& stop);

// Learns from the catalog what `rows` must know of its types, where it does not know them all, in
// whatever transaction the connection is. Throws as Connection::run, and Error{kSqlFailed}.
void learn_types(sql::Connection& connection, TypeCache& types, AnswerRows& rows, const Stop& stop);

}  // namespace drift::sql_api
