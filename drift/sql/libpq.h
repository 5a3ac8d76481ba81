// libpq's objects, owned. Only the two files that are written against libpq include this.
#pragma once

#include <libpq-fe.h>

#include <memory>

#include "drift/sql/connection_plan.h"

namespace drift::sql::libpq {

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  void operator()(PGresult* result) const noexcept { PQclear(result); }
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
  void operator()(char* text) const noexcept { PQfreemem(text); }
};
using Handle = std::unique_ptr<PGconn, Finish>;
using Result = std::unique_ptr<PGresult, Finish>;

// Begins to connect. Never nothing; throws std::bad_alloc.
Handle start(const ConnectionOptions& options);

}  // namespace drift::sql::libpq
