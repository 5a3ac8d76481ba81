// What operations mean for tables of the size that they have: how long, who waits, what is held.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drift/impact/live_tables.h"
#include "drift/pending/operation.h"
#include "drift/pending/pending_operations.h"

namespace drift::impact {

// Seconds. The rates are those of small and large servers: a scan reads 50 to 1,000 MB of the heap
// a second, an index takes in 20 to 200, a rewrite with its indexes 20 to 200 of the whole.
struct TimeRange {
  double from = 0, to = 0;

  TimeRange& operator+=(const TimeRange& other) {
    from += other.from;
    to += other.to;
    return *this;
  }
};

// "under a second", "4 to 80 s", "1 to 10 min".
std::string in_words(const TimeRange& range);
// "12 GB", "840 MB", "24 kB".
std::string bytes_in_words(std::uint64_t bytes);
// "~41 M rows".
std::string rows_in_words(std::uint64_t rows);
// "4 s", "12 min", "3 h".
std::string age_in_words(double seconds);

// How long the operation works on tables that are there; nothing where it does not, or where a
// size is not known. `unknown` is set where it works for a time that nobody can tell.
std::optional<TimeRange> time_of(const pending::Operation& operation, const LiveTables& live,
                                 bool& unknown);

// High becomes low where only the size of a table made it so, and the slowest rate stays under a
// second. Also notes which constraints, indexes and other tables a drop concerns.
void judge(pending::Operation& operation, const LiveTables& live);

// Whether who holds `held` keeps out who asks for `asked`.
// https://www.postgresql.org/docs/15/explicit-locking.html#LOCKING-TABLES
bool conflict(pending::Lock held, pending::Lock asked);

// "writers wait"; what a session that wants the table does while somebody has this lock on it.
const char* who_waits(pending::Lock lock);

// One sentence each: sessions behind which the operations of a revision would queue.
std::vector<std::string> queue_of(const pending::Locks& locks, const LiveTables& live);

// "5 s", "none", "unknown", of the owners of the tables; "" without a table.
std::string lock_timeout_in_words(const pending::Locks& locks, const LiveTables& live);

}  // namespace drift::impact
