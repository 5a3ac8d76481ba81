// The one transaction in which production is read, as SQL.
#pragma once

#include <chrono>
#include <string>

namespace drift::sql {

// Statements that begin a READ ONLY, REPEATABLE READ transaction with time-outs for statements,
// locks and idleness, all of them for this transaction alone, and with row_security off, so that
// rows that a policy hides are an error, never missing. `left` is what the run may still take: a
// little before it is over, the server gives up by itself.
std::string begin_read_only(std::chrono::milliseconds left);

}  // namespace drift::sql
