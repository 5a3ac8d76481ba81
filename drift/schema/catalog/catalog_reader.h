// A database's catalog, read.
#pragma once

#include <string>
#include <vector>

#include "drift/production/version_table.h"
#include "drift/schema/snapshot.h"

namespace drift {
class Stop;
}
namespace drift::sql {
class Connection;
}

namespace drift::schema {

struct Catalog {
  Header header;
  std::vector<std::string> lines;  // of the objects, in no order
};

// Reads everything that a snapshot holds, in READ ONLY transactions of REPEATABLE READ with
// settings of their own, so that no search_path and no locale changes what is told. No right is
// needed but CONNECT.
//
// What PostgreSQL deparses it tells as it is now, not as it was when the transaction began; so the
// catalog is looked at before and after, and read again where it moved. What another session has
// locked is waited for a little and is then `not checked`, its whole kind with it.
//
// Throws Error{kSqlFailed} where the version rows changed meanwhile (a deploy is in progress), or
// where the catalog never stood still; Error{kUnsupported} for a server older than PostgreSQL 13;
// and what Connection::run throws.
Catalog read_catalog(sql::Connection& connection, const production::VersionTableName& name,
                     const Stop& stop);

}  // namespace drift::schema
