// What a request asks for.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "drift/sql/strict_json.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/envelope.h"

namespace drift::sql_api {

enum class Action {
  kQuery,
  kMutate,
  kTables,
  kSchema,
  kCount,
  kVersion,
  kExecuteQuery,
  kExecuteQueryOne,
  kExecuteMany,
  kHealthCheck,
  kSnapshot,
  kHealth,
  kDryRun,  // a change, counted and rolled back
  kInsert,  // {"schema", "table", "data": {...}}, which names no action
};

struct Request {
  Action action = Action::kQuery;
  std::string sql;
  // For $1, $2, ... (a list), by name (an object), or for each run of execute_many (a list of
  // either); null where none came. Of an insert, its values.
  sql::JsonValue params;
  std::string table, schema;
  RowShape rows = RowShape::kLists;
  Envelope envelope = Envelope::kBare;
  std::optional<std::size_t> max_rows;
  std::string cursor;
  std::size_t page = 1;  // of a snapshot, and the digest of its first page
  std::string digest;
  std::optional<std::chrono::milliseconds> timeout;
  std::string actor;
  std::string idempotency_key;
  bool read_only = false;
  bool row_security = false;
};

inline constexpr std::size_t kMaxSqlCharacters = 6'000'000;  // what Lambda lets through
inline constexpr std::size_t kMaxNameCharacters = 256;

// Reads one request; docs/sql-api.md and docs/sql-api.schema.json are the contract.
// Throws Error{kUsage} for everything that is none: what is no JSON object, a key that does not
// exist (naming the nearest) or does not go with the action, a value of another kind or beyond its
// limit. Messages name keys, never values. Pure.
// `served`: kProxy reads every operation as the DB proxy's callers send it; else those are known by
// "params_list" and "return_dict", keys that no other request has, and an insert by "data".
// `answered`, where it is given, is what the answer goes into, set before anything is thrown.
Request read_request(std::string_view payload, Envelope served = Envelope::kBare,
                     Envelope* answered = nullptr);

// "query", "execute_many".
std::string_view action_name(Action action);

// The name of a table as a request gives it.
struct TableName {
  std::string schema;  // "" leaves it to the search_path
  std::string table;
  // What else it may mean, tried second: a name without quotes and dots as it was written, so that
  // "Orders" finds "Orders" where there is no orders.
  std::string verbatim;
};

// `text` as SQL reads it: users, public.users, "Odd.Name", audit."Log"; what is not quoted is
// folded to lower case. `schema`, where it is not empty, is the schema, as it is written.
// It is only ever looked up. Throws Error{kUsage} for a text that is no such name.
TableName table_name(std::string_view text, std::string_view schema);

}  // namespace drift::sql_api
