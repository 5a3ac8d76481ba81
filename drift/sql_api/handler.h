// The SQL API itself: one JSON request in, one JSON answer out. docs/sql-api.md is the contract.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/aws/session.h"
#include "drift/base/clock.h"
#include "drift/sql/database.h"
#include "drift/sql_api/caller.h"
#include "drift/sql_api/envelope.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::sql_api {

class RowReceiver;

struct HandlerSettings {
  sql::DatabaseSettings database;  // never a function: a handler reaches its database itself
  // Without it every action that may change something is refused before the database is asked.
  bool allow_mutations = false;
  // Several statements in one change, and definitions of tables (drift/sql_api/statement.h).
  bool allow_scripts = false, allow_ddl = false;
  // Functions that queries may call whatever the catalog says of them: "name" in any schema, or
  // "schema.name".
  std::vector<std::string> allow_functions;
  // Where mutations are written down before they are committed: "" for standard error (one JSON
  // line each), the path of a file, or s3://bucket/prefix (one object each).
  std::string audit;
  // kProxy: every operation is the DB proxy's (drift/sql_api/request.h).
  Envelope envelope = Envelope::kBare;
  bool audit_statements = false;  // each record has the statement, without its values
  // Lambda answers at most 6 MB:
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  std::size_t max_answer_bytes = 6'000'000;
};

// One request, with what is known of it besides its payload.
struct Call {
  std::string payload;
  std::string request_id;  // Lambda's; "" where there is none
  // Who asks, as far as the place where the handler runs can tell. What the payload itself claims
  // is recorded as a claim.
  Caller caller;
};

// Keeps one connection from call to call: checked before it is used again, opened anew where it is
// gone, and before the IAM token that it was opened with expires. Not thread-safe.
class Handler {
 public:
  // Sends nothing and connects to nothing. Throws Error{kUsage} for a database that is a function
  // and for an impossible `audit`.
  Handler(HandlerSettings settings, aws::SessionSource session, const Clock& clock,
          std::shared_ptr<const Log> log);
  ~Handler();
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  // The answer to one request, in one line: what was asked for, or {"error": {...}}. Nothing that a
  // request, a database or a network does makes it throw; no answer holds a password or a
  // connection string. `stop` bounds the call: the statement is cancelled on the server before it
  // is due.
  std::string answer(const Call& call, const Stop& stop);

  // The rows of one query ({"query": ...}, without pages), all of one snapshot, to `rows` while
  // they arrive. The error answer where there is one; rows may have been given before. Throws what
  // `rows` throws where that is no std::exception, and nothing else.
  std::optional<std::string> stream(const Call& call, RowReceiver& rows, const Stop& stop);

  // Connects now, so that the first call finds a connection. Throws as sql::open_database.
  void connect(const Stop& stop);

 private:
  // With what is thrown as an error answer.
  template <typename Answering>
  auto guarded(Answering answering) -> decltype(answering());

  class State;
  std::unique_ptr<State> state_;
};

}  // namespace drift::sql_api
