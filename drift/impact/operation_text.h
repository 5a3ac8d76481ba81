// Operations on tables of a known size, for people.
#pragma once

#include <string>

#include "drift/impact/impact.h"
#include "drift/impact/live_tables.h"
#include "drift/pending/pending_operations.h"

namespace drift::impact {

// "create_index ix_orders_user", printable.
std::string shown(const pending::Operation& operation, bool with_table = true);

// "12 GB, ~41 M rows", "never analysed", "not found".
std::string size_in_words(const LiveTables& live, const std::string& table);

// "SHARE: writers wait 1 to 10 min": of the strongest lock; "" without one.
std::string wait_in_words(const pending::Operation& operation, const LiveTables& live);

// What to write instead, "" where there is nothing to mend.
std::string safe_way(const pending::Operation& operation);

// The end of an operation's line, "  versions/x.py:14", and below it what could not be read, which
// rules a comment takes out, and its notes.
std::string place_and_remarks(const pending::Operation& operation, const std::string& file);

// A line for each operation and its notes, then what the transaction holds to its end, and whom it
// would wait for.
std::string revision_text(const pending::RevisionOperations& revision, const LiveTables& live);

// What no statement about locks may leave out: where the sizes are from, or why there are none.
std::string sizes_in_words(const LiveTables& live);

}  // namespace drift::impact
