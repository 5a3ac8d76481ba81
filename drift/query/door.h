// Requests to the SQL API as its clients send them (docs/sql-api.md), and where they go: to a
// function, or to the handler in this process.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drift/query/named_parameters.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql_api/handler.h"
#include "drift/sql_api/reading.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::query {

enum class Action { kQuery, kMutate, kDryRun, kTables, kSchema, kCount, kVersion };

struct Request {
  Action action = Action::kQuery;
  std::string statement;            // kQuery, kMutate, kDryRun
  std::vector<std::string> params;  // for $1, $2, ...
  std::string table;                // kSchema, kCount: NAME or SCHEMA.NAME
  std::size_t page_rows = 0;        // kQuery: the most rows of one answer; 0 for all
  std::string cursor;               // kQuery: where the answer before ended; "" for the first
  std::string actor;                // of changes: who asks, a claim that goes into the audit log
  // What a person wrote, where names in it were bound; "" where it is the statement itself.
  std::string written;
  std::vector<Shift> shifts;
};

// {"query": ..., "params": [...], "max_rows": n}. Keys that say nothing are left out: functions
// that have been there for years do not know them all.
// Requires UTF-8.
std::string request_json(const Request& request);

class Door {
 public:
  virtual ~Door() = default;
  // The answer to one request, or why the function failed before it had one. A request that
  // `changes` something is never sent twice.
  // Throws as aws::invoke.
  virtual std::variant<std::string, sql::ApiRefusal> ask(const std::string& request, bool changes,
                                                         const Stop& stop) = 0;
  // Whether `stream` can be asked.
  virtual bool streams() const { return false; }
  // All rows of a query of one snapshot; what was refused, if anything. Throws as `rows` does.
  virtual std::optional<sql::ApiRefusal> stream(const std::string& request,
                                                sql_api::RowReceiver& rows, const Stop& stop);
};

// For any database: a function is invoked, everything else is reached by the handler that the
// function would run. Nothing is sent yet.
// Throws as Handler and sql::database_location.
std::unique_ptr<Door> open_door(sql_api::HandlerSettings settings, aws::SessionSource session,
                                const Clock& clock, std::shared_ptr<const Log> log);

}  // namespace drift::query
