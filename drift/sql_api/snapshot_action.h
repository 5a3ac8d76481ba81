// The action "snapshot": the schema as one document, in pages that Lambda passes on.
#pragma once

#include <cstddef>
#include <string>

#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/request.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

// What the last snapshot was, deflated, until its last page was asked for: another page of it need
// not read the catalog again.
struct KeptSnapshot {
  std::string bytes, digest;
};

// {"snapshot": Base64 of a piece of the deflated document, "page": 1, "pages": 2, "digest": SHA-256
// of all its bytes}. A later page names the digest of the first. Where that is not kept (another
// instance of the function answers), the catalog is read again: the same schema gives the same
// bytes. Throws Error{kUsage} for a page that there is not, Error{kSqlFailed} where the schema is
// another one by now, and what schema::read_catalog throws.
std::string snapshot_answer(KeptConnection& kept, KeptSnapshot& last, const Request& request,
                            std::size_t max_bytes, const Stop& stop);

}  // namespace drift::sql_api
