// Which functions a statement may call.
#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/postgres.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::sql_api {

struct CalledFunction {
  std::string schema;  // "" where none is written: the search_path finds it
  std::string name;
  // As a field of its only argument, row.name; else with brackets, name(...).
  // https://www.postgresql.org/docs/15/rowtypes.html#ROWTYPES-USAGE
  bool as_field = false;

  auto operator<=>(const CalledFunction&) const = default;
};

// Every name in the statement that stands where a function may be called, each once: more than are
// called (a type with a size, a column of a table), never fewer. Pure.
std::vector<CalledFunction> called_functions(const std::vector<Token>& tokens);

// A statement for the transaction of one that reads, to be sent before it: it fails, with an error
// that `refused_function` knows, where one of `called` is a function of this database that may act
// beside the transaction, and tells nothing else. The catalog decides, not the name: immutable and
// stable functions of PostgreSQL, of extensions and of the languages sql and plpgsql may be called;
// of the volatile ones those that are known to change nothing; and what `allowed` names, as "name"
// in any schema or as "schema.name". What views, operators, casts and the bodies of functions call
// in turn is not looked at: the role's rights are the boundary. Nothing where `called` is empty.
// https://www.postgresql.org/docs/15/xfunc-volatility.html
std::optional<sql::Statement> function_guard(const std::vector<CalledFunction>& called,
                                             const std::vector<std::string>& allowed);

// Functions that the guard found nothing against a moment ago, on one connection: to ask takes the
// server some milliseconds of planning, which a statement of a hundred rows does not.
class HarmlessFunctions {
 public:
  // Those of `called` that were not asked about within the last minute.
  std::vector<CalledFunction> unknown_of(std::vector<CalledFunction> called);
  void remember(const std::vector<CalledFunction>& called);
  void clear() { known_.clear(); }

 private:
  std::map<CalledFunction, std::chrono::steady_clock::time_point> known_;
};

// Why a query was refused, where that guard did it.
std::optional<Error> refused_function(const sql::ServerError& error);

// For statements that may change something, and so call what they like: throws Error{kUnsupported}
// for functions of PostgreSQL and its extensions that no ROLLBACK takes back, or that run SQL which
// comes as text and so is seen by nobody, unless `allowed` names them.
void require_within_transaction(const std::vector<CalledFunction>& called,
                                const std::vector<std::string>& allowed);

}  // namespace drift::sql_api
