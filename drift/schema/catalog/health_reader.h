// What a catalog tells about the health of its schema.
#pragma once

#include "drift/production/version_table.h"
#include "drift/schema/health.h"

namespace drift {
class Stop;
}
namespace drift::sql {
class Connection;
}

namespace drift::schema {

// Asks pg_catalog in READ ONLY transactions: first what most databases have and whether there can
// be the rest, then that and the values of sequences. Those are read a hundred a transaction,
// because each stays locked (as if it were used) until its end. What the role may not read, what
// others have locked and what takes too long is `not checked`, with the reason; so is what the end
// of `stop` comes before. A transaction that `connection` is in is ended first. `name`: the version
// table; without a schema, those of that name in all of them. Throws Error{kConnectionFailed,
// kInterrupted} alone.
Health read_health(sql::Connection& connection, const production::VersionTableName& name,
                   const Stop& stop);

}  // namespace drift::schema
