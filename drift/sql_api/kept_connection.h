// The connection that a handler keeps from call to call.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "drift/aws/session.h"
#include "drift/base/clock.h"
#include "drift/sql/database.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/called_functions.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::sql_api {

// What the server said of statements that came before, on one connection. It may be so no more:
// whoever relies on it has the server say it again in the transaction that does.
class Descriptions {
 public:
  // Null where nothing is known. Valid until the next call.
  const sql::Description* find(const std::string& text) const;
  void put(const std::string& text, const sql::Description& description);
  void forget(const std::string& text) { known_.erase(text); }
  void clear() { known_.clear(); }

 private:
  std::map<std::string, sql::Description> known_;
};

class KeptConnection {
 public:
  // Connects to nothing. Throws Error{kUsage} for a database that is a function.
  KeptConnection(sql::DatabaseSettings database, aws::SessionSource session, const Clock& clock,
                 std::shared_ptr<const Log> log);

  // A connection that has just been seen to work: the kept one, or a new one where that was closed,
  // its token is about to expire, or it does not answer. Throws as sql::open_connection, but
  // Error{kConfiguration} for what is wrong with the database's URL.
  sql::Connection& get(const Stop& stop);

  // Whether `get` would open a new one.
  bool kept() const { return open_.connection != nullptr; }
  // The next `get` opens a new one.
  void drop();
  // To be said when a call is over: a connection that was used a moment ago need not be asked
  // whether it works.
  void used();

  // Takes away what a change has left to its session beyond its transaction: settings that a
  // function made for the session, temporary tables, LISTEN, locks, currval. Behind a pooler the
  // session is not ours, and nothing is done. A connection on which that fails, or takes more
  // than two seconds, is dropped.
  void forget_session(const Stop& stop) noexcept;

  // The types of this connection's database.
  TypeCache& types() { return types_; }

  Descriptions& descriptions() { return descriptions_; }

  // What is known of this connection's functions.
  HarmlessFunctions& functions() { return functions_; }

 private:
  sql::OpenConnection opened(const Stop& stop);
  bool works(const Stop& stop);

  sql::DatabaseSettings database_;
  aws::SessionSource session_;
  const Clock& clock_;
  std::shared_ptr<const Log> log_;
  sql::OpenConnection open_;
  TypeCache types_;
  HarmlessFunctions functions_;
  Descriptions descriptions_;
  std::chrono::steady_clock::time_point last_used_;
  // Whether the server's own session answers, without a pooler between; nothing where not asked
  // yet.
  std::optional<bool> direct_;
};

}  // namespace drift::sql_api
