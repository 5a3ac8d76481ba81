// Where SQL can be asked: libpq here, the SQL API's Lambda elsewhere.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace drift {
class Stop;
}
namespace drift::aws {
class Session;
}

namespace drift::sql {

class Connection;

// Rows as text, in PostgreSQL's output format; no value is NULL.
struct ResultSet {
  std::vector<std::string> columns;  // empty where the source does not name them
  std::vector<std::vector<std::optional<std::string>>> rows;
  bool typed = false;  // a SQL API told the types of the columns, as our own does
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

  // Ends the read-only transaction and begins another, after a SqlFailure too: what follows sees
  // what was committed since, and locks that were held are given up. Throws as query.
  virtual void begin_anew() {}

  // Which database this is, for people, without credentials: "app on db.example.com:5432".
  virtual std::string description() const = 0;

  // Whether what answers a query may be our own SQL API, which knows more than queries. Another's
  // must not be asked for that: what it does not know it may count as its error, each night.
  virtual bool may_be_own_api() const { return false; }

  // What a person should know about how it was reached ("the connection is not encrypted").
  virtual std::vector<std::string> warnings() const = 0;
};

// Over one connection to PostgreSQL.
// Begins one READ ONLY, REPEATABLE READ transaction (drift/sql/read_only_transaction.h) in a
// connection that is in none, and asks everything in it. What is weaker than sslmode=verify-full is
// a warning, except on a socket or the loopback; `warnings` come after it. Every wait ends with
// `stop`, which must outlive the source. Destroying the source ends the transaction where nobody
// else holds the connection; else that is for whoever does. Not thread-safe. The transaction begins
// with the first query, which throws Error{kSqlFailed} where the server refuses to begin.
std::unique_ptr<SqlSource> read_through(std::shared_ptr<Connection> connection,
                                        std::vector<std::string> warnings, const Stop& stop);

// Over the SQL API: the JSON contract of a Lambda function inside the VPC.
// `function`: NAME, NAME:QUALIFIER or an ARN. Nothing is sent before the first query.
// A query is the payload {"query": "..."}; drift/sql/api_client_answer.h says what may come back.
// The function runs each query in a transaction of its own, with the rights and the search_path of
// the role that it connects as. A function that failed is a SqlFailure where the SQLSTATE is known
// from its errorType, else Error{kSqlApiFailed}; both tell errorType, errorMessage and the end of
// its log. Throws as SqlSource::query and aws::Client::call. `warnings` are those of the source.
std::unique_ptr<SqlSource> open_sql_api(aws::Session& session, const std::string& function,
                                        const Stop& stop, std::vector<std::string> warnings = {});

}  // namespace drift::sql
