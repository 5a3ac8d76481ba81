#include "drift/query/request.h"

#include <nlohmann/json.hpp>

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

}  // namespace

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
    case Action::kTables: json = {{"action", "tables"}}; break;
    case Action::kSchema: json = of_table("schema", request); break;
    case Action::kCount: json = of_table("count", request); break;
    case Action::kVersion: json = {{"action", "version"}}; break;
  }
  return json.dump();
}

}  // namespace drift::query
