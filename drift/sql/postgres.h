// One connection to PostgreSQL. postgres.cc and postgres_options.cc are the only users of libpq.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/sql/connection_plan.h"

namespace drift {
class Stop;
}

namespace drift::sql {

struct Column {
  std::string name;
  // pg_type.oid; a domain's is that of its base type.
  // https://www.postgresql.org/docs/15/protocol-message-formats.html (RowDescription)
  std::uint32_t type = 0;

  bool operator==(const Column&) const = default;
};

// A value in PostgreSQL's text format, nothing for NULL; good only while `row` runs.
using Cell = std::optional<std::string_view>;

enum class Wanted { kMore, kNoMore };

// Where the rows of a statement go while they arrive.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // Once, before the first row, and also where there is no row.
  virtual void columns(const std::vector<Column>& columns) = 0;
  // kNoMore: the rest is passed over, at the server too where it is much. May throw Error.
  virtual Wanted row(const std::vector<Cell>& row) = 0;
};

struct Description {
  std::vector<std::uint32_t> parameters;  // of each placeholder, the type that it takes
  std::vector<Column> columns;            // of its rows

  bool operator==(const Description&) const = default;
};

inline constexpr std::size_t kMostRowBytes = std::size_t{16} << 20U;

// One statement, sent by the extended protocol: nothing can ride along behind a ';'.
struct Statement {
  std::string text;
  // For $1, $2, ... as text; nothing is NULL. No NUL bytes.
  std::vector<std::optional<std::string>> parameters;
  RowSink* sink = nullptr;  // "nullptr" passes the rows over
  // A row of more, as the protocol writes it, is not held in memory: `run` throws
  // Error{kTooManyRows}, and the connection is of no use any more.
  std::size_t most_row_bytes = kMostRowBytes;
  // Where it is given the statement is not run: the server only reads it, and describes it here.
  // `parameters` must be empty; it has no tag.
  Description* describe = nullptr;
  // Of $1, $2, ...: pg_type.oid, 0 where the server infers it; none to infer them all.
  std::vector<std::uint32_t> types = {};
};

// Statements that are sent together. After one that failed the server passes over the rest of its
// group. A group outside an explicit transaction is one transaction of its own.
// https://www.postgresql.org/docs/15/libpq-pipeline-mode.html
using Group = std::vector<Statement>;

// What the server says against a statement: one line each, without the password. Messages and hints
// may be in the server's language.
// https://www.postgresql.org/docs/15/protocol-error-fields.html
struct ServerError {
  std::string sqlstate;  // "" where the server gives none
  std::string message, detail, hint;
  int position = 0;     // in characters from 1; 0 where unknown
  std::string routine;  // of the server's source, "" where not told
};

enum class TransactionState { kUnknown, kNone, kOpen, kFailed };

struct GroupOutcome {
  std::vector<std::string> tags;  // of the statements that were done: "SELECT 2", "INSERT 0 1"
  std::optional<ServerError> error;
  // When the group was over; kUnknown where another one was sent behind it.
  TransactionState state = TransactionState::kUnknown;
  // Its ROLLBACK or COMMIT found no transaction (SQLSTATE 25P01): something had ended it before.
  bool nothing_to_end = false;
};

// Not thread-safe. Uses no thread but, once a statement is to be cancelled, one that asks the
// server to.
class Connection {
 public:
  // Connects. Nothing is asked for at start-up but application_name and client_encoding, so that it
  // works through PgBouncer in transaction mode. PG* environment variables, the service file and
  // ~/.pgpass count as in psql, as do several hosts and target_session_attrs.
  // sslmode is verify-full unless the options, PGSSLMODE or the service file say otherwise or every
  // host is a socket or loopback. connect_timeout (10 s where none is given) bounds each address
  // that is tried.
  // Every wait ends with `stop`, except for the resolution of a host name, which libpq leaves to
  // getaddrinfo(3) and nothing can interrupt: the resolver's own timeout bounds it.
  // Throws Error{kConnectionFailed, kDatabaseAuthenticationFailed, kTlsFailed, kTimedOut,
  // kInterrupted, kUsage, kPermissionDenied: the role may not connect}.
  Connection(const ConnectionOptions& options, const Stop& stop);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends all groups at once, then reads what comes of them, one outcome a group. Rows go to their
  // sinks one by one, so that no result is ever held whole.
  // Throws Error{kConnectionFailed} where the connection is lost and Error{kTimedOut, kInterrupted}
  // where `stop` is due, which cancels the statement at the server; and whatever a sink throws. The
  // connection is then of no use any more (`usable`).
  std::vector<GroupOutcome> run(const std::vector<Group>& groups, const Stop& stop);

  // Connected, outside a transaction, with no answer outstanding, and not closed by the server as
  // far as can be told without asking it.
  bool usable() const;

  // The process of the server as it was told at the beginning; behind a pooler another one answers.
  int backend_pid() const;

  // "app on db.example.com:5432"; never a credential.
  const std::string& description() const;
  // The database's name.
  const std::string& database() const;
  // The sentence for a connection that is weaker than verify-full, as a list of none or one.
  std::vector<std::string> warnings() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

// What `url` itself says. Throws Error{kUsage} for a URL that libpq cannot parse.
ConnectionOptions url_options(const std::string& url);

// `asked` with the service file, PG* variables and libpq's defaults filled in, the password aside.
// Throws Error{kUsage}.
ConnectionOptions completed_options(const ConnectionOptions& asked);

// The database that PG* variables and the service file name, as a URL without a password: where
// psql without a word would go. Throws Error{kUsage}.
std::string url_of_environment();

// The database name in `url`, for naming a target; "" where it has none.
// Throws Error{kUsage} for a URL that libpq cannot parse.
std::string database_name(const std::string& url);

}  // namespace drift::sql
