// One request to the SQL API as its clients send it (docs/sql-api.md).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace drift::query {

enum class Action { kQuery, kMutate, kTables, kSchema, kCount, kVersion };

struct Request {
  Action action = Action::kQuery;
  std::string statement;            // kQuery, kMutate
  std::vector<std::string> params;  // for $1, $2, ...
  std::string table;                // kSchema, kCount: NAME or SCHEMA.NAME
  std::size_t page_rows = 0;        // kQuery: the most rows of one answer; 0 for all
  std::string cursor;               // kQuery: where the answer before ended; "" for the first
  std::string actor;                // kMutate: who asks, a claim that goes into the audit log
};

// {"query": ..., "params": [...], "max_rows": n}. Keys that say nothing are left out: functions
// that have been there for years do not know them all.
// Requires UTF-8.
std::string request_json(const Request& request);

}  // namespace drift::query
