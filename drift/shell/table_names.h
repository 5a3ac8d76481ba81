// The tables and columns of a database, for completion.
#pragma once

#include <vector>

#include "drift/shell/completion.h"

namespace drift {
class Stop;
}
namespace drift::query {
class Door;
}

namespace drift::shell {

// Those that are not the system's, at most 5,000 tables; one query. None where it cannot be asked:
// nobody who presses a key wants an error. Never throws.
std::vector<TableName> table_names(query::Door& door, const Stop& stop);

}  // namespace drift::shell
