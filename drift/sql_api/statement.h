// What a statement does, told from its text before anything is sent. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drift::sql_api {

enum class StatementKind { kRead, kMutation, kDefinition };

struct StatementFacts {
  StatementKind kind = StatementKind::kRead;
  // "select", "with", "values", "table", "explain", "show", "insert", "update", "delete", "merge",
  // "call"; of WITH ... INSERT that is "insert". Of definitions "create", "alter", "drop",
  // "comment" and "truncate".
  std::string verb;
  // SELECT ... INTO, which makes a table where a transaction may.
  bool makes_table = false;
  // DECLARE CURSOR takes it.
  bool pageable = false;
};

// The one statement in `sql`, which a semicolon may end. What changes the transaction or the
// session or works beside them (COMMIT, SET, COPY, DO, LISTEN, ...) is none that can be asked
// for. Which functions it calls is for called_functions.h. This is the belt: the database itself
// lets a read-only transaction change nothing, and what its role may do is the last word
// (docs/sql-api.md). With `definitions`, what defines tables and what belongs to them is let
// through as well; never code (functions, triggers, extensions), roles and rights, temporary
// things. Throws Error{kUnsupported}, which names what it is, Error{kUsage} for no statement and
// for two, and as sql_tokens.
StatementFacts statement_facts(std::string_view sql, bool definitions = false);

}  // namespace drift::sql_api
