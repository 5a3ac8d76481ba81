// Where requests to the SQL API go: to a function, or to the handler in this process.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "drift/query/answer.h"
#include "drift/sql_api/handler.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::query {

class Door {
 public:
  virtual ~Door() = default;
  // The answer to one request, or why the function failed before it had one. A request that
  // `changes` something is never sent twice.
  // Throws as aws::invoke.
  virtual std::variant<std::string, Refusal> ask(const std::string& request, bool changes,
                                                 const Stop& stop) = 0;
};

// For any database: a function is invoked, everything else is reached by the handler that the
// function would run. Nothing is sent yet.
// Throws as Handler and sql::database_location.
std::unique_ptr<Door> open_door(sql_api::HandlerSettings settings, aws::SessionSource session,
                                const Clock& clock, std::shared_ptr<const Log> log);

}  // namespace drift::query
