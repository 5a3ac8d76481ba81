// A request's parameters, bound by what the server says their places take.
#pragma once

#include <string>
#include <vector>

#include "drift/sql/postgres.h"
#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/parameters.h"
#include "drift/sql_api/request.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

struct BoundRequest {
  BoundStatement statement;
  sql::Description description;  // empty where the server was not asked
  bool remembered = false;       // the description is of an earlier request
};

// What is remembered of a statement goes by this: its text and the types that it is sent with.
std::string name_of(const BoundStatement& statement);

// The statement of `request` with its parameters. Where one of them is a string or a list, whose
// text goes by the type of its place, or where `wants_columns`, the server is asked first (Parse
// and Describe, in a read-only transaction that runs nothing), which takes one round trip more
// unless it is remembered. In the proxy's envelope values have types of their own
// (BoundStatement::type_by_value).
// What is wrong with the statement itself is left to its execution to tell. Throws Error{kUsage} as
// bound_statement and BoundStatement::take_types, and as `read` and `learn_types`.
// `may_remember`: what the server said of the same text before will do, where the caller has it say
// so again before it relies on that.
BoundRequest bind(KeptConnection& kept, const Request& request, bool wants_columns,
                  bool may_remember, const Stop& stop);

// The same for each run of execute_many; the server is asked once.
std::vector<BoundStatement> bind_runs(KeptConnection& kept, const Request& request,
                                      const Stop& stop);

}  // namespace drift::sql_api
