#include "drift/query/door.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "drift/aws/services/lambda.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/sql/api_error.h"
#include "drift/sql/database_location.h"

namespace drift::query {
namespace {

using Json = nlohmann::ordered_json;

Json of_statement(const char* key, const Request& request) {
  Json json{{key, request.statement}};
  if (!request.params.empty()) json["params"] = request.params;
  return json;
}

// A schema before the table is a key of its own: with the dot in it, the name would be another one.
Json of_table(const char* action, const Request& request) {
  Json json{{"action", action}};
  const std::size_t dot = request.table.find('.');
  if (dot == std::string::npos) {
    json["table"] = request.table;
  } else {
    json["table"] = request.table.substr(dot + 1);
    json["schema"] = request.table.substr(0, dot);
  }
  return json;
}

class FunctionDoor : public Door {
 public:
  FunctionDoor(std::string function, aws::SessionSource session)
      : function_(std::move(function)), session_(std::move(session)) {}

  std::variant<std::string, sql::ApiRefusal> ask(const std::string& request, bool changes,
                                                 const Stop& stop) override {
    aws::Invocation invocation = aws::invoke(session_(), function_, request, stop, changes);
    if (invocation.function_error.empty()) return std::move(invocation.payload);
    const sql::FunctionFailure failure =
        sql::function_failure(invocation.payload, invocation.log_tail);
    sql::ApiRefusal refusal;
    refusal.message =
        fmt::format("the function {} failed: {}", shortened(function_), failure.message);
    refusal.sqlstate = failure.sqlstate;
    refusal.detail = failure.log_end.empty() ? "" : "its log ends: " + failure.log_end;
    if (failure.timed_out) {
      refusal.hint = "ask for less, or raise the function's timeout";
    }
    return refusal;
  }

 private:
  std::string function_;
  aws::SessionSource session_;
};

class HandlerDoor : public Door {
 public:
  HandlerDoor(sql_api::HandlerSettings settings, aws::SessionSource session, const Clock& clock,
              std::shared_ptr<const Log> log)
      : handler_(std::move(settings), std::move(session), clock, std::move(log)) {}

  std::variant<std::string, sql::ApiRefusal> ask(const std::string& request, bool,
                                                 const Stop& stop) override {
    return handler_.answer({request, "", {}}, stop);
  }

  bool streams() const override { return true; }
  std::optional<sql::ApiRefusal> stream(const std::string& request, sql_api::RowReceiver& rows,
                                        const Stop& stop) override {
    const auto error = handler_.stream({request, "", {}}, rows, stop);
    if (!error) return {};
    return std::get<sql::ApiRefusal>(sql::read_api_answer(*error));
  }

 private:
  sql_api::Handler handler_;
};

}  // namespace

std::optional<sql::ApiRefusal> Door::stream(const std::string&, sql_api::RowReceiver&,
                                            const Stop&) {
  throw Error{Fault::kInternal, "a function cannot be asked for a stream of rows"};
}

std::string request_json(const Request& request) {
  Json json;
  switch (request.action) {
    case Action::kQuery:
      json = of_statement("query", request);
      if (request.page_rows > 0) json["max_rows"] = request.page_rows;
      if (!request.cursor.empty()) json["cursor"] = request.cursor;
      break;
    case Action::kMutate:
      json = of_statement("sql", request);
      if (!request.actor.empty()) json["actor"] = request.actor;
      break;
    case Action::kDryRun:
      json = {{"action", "dry_run"}};
      json.update(of_statement("statement", request));
      if (!request.actor.empty()) json["actor"] = request.actor;
      break;
    case Action::kTables: json = {{"action", "tables"}}; break;
    case Action::kSchema: json = of_table("schema", request); break;
    case Action::kCount: json = of_table("count", request); break;
    case Action::kVersion: json = {{"action", "version"}}; break;
  }
  return json.dump();
}

std::unique_ptr<Door> open_door(sql_api::HandlerSettings settings, aws::SessionSource session,
                                const Clock& clock, std::shared_ptr<const Log> log) {
  // Without a location the proxy's endpoint is the database: never a function.
  if (!settings.database.location.empty()) {
    sql::DatabaseLocation location = sql::database_location(settings.database.location);
    if (location.kind == sql::LocationKind::kFunction) {
      return std::make_unique<FunctionDoor>(std::move(location.name), std::move(session));
    }
  }
  return std::make_unique<HandlerDoor>(std::move(settings), std::move(session), clock,
                                       std::move(log));
}

}  // namespace drift::query
