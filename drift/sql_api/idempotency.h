// A change that is asked for again under the same key is made once.
//
// The transaction that makes it holds a lock of the key (pg_advisory_xact_lock), and keeps its
// number and its whole answer before COMMIT is sent. Whether that COMMIT came through is not kept:
// the database itself is asked for the transaction of that number. So whatever is lost, and
// whenever, the next one who holds the lock learns whether the change was made.
// https://www.postgresql.org/docs/15/functions-info.html#FUNCTIONS-TXID-SNAPSHOT
#pragma once

#include <optional>
#include <string>

#include "drift/base/error.h"
#include "drift/sql/postgres.h"
#include "drift/sql_api/kept_answers.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

struct IdempotencyKey {
  std::string name;     // of the key and the database, 64 hexadecimal digits
  std::string request;  // checksum of everything that the answer depends on
};

// `database` as Connection::description tells it. Pure.
IdempotencyKey idempotency_key(const std::string& key, const std::string& database,
                               const std::string& request);

// To be sent behind BEGIN: waits for whoever holds the key.
sql::Statement lock_statement(const IdempotencyKey& key);
// What that one says when the time that a lock may take is over.
std::optional<Error> still_under_way(const sql::ServerError& error);

// The answer of the change that was committed under `key`; nothing where none was. Requires an open
// transaction that holds the lock. Throws Error{kUsage} where the key came with another request,
// Error{kUnsupported} where the database does not know its transaction any more, and as
// KeptAnswers::find and Connection::run.
std::optional<std::string> earlier_answer(sql::Connection& connection, const KeptAnswers& answers,
                                          const IdempotencyKey& key, const Stop& stop);

// Keeps `answer` as that of the open transaction, in which everything was done. Throws as
// KeptAnswers::put and Connection::run.
void keep_answer(sql::Connection& connection, const KeptAnswers& answers, const IdempotencyKey& key,
                 const std::string& answer, const Stop& stop);

}  // namespace drift::sql_api
