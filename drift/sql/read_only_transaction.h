// The transactions in which a database is read or changed, as SQL.
#pragma once

#include <chrono>

#include "drift/sql/postgres.h"

namespace drift::sql {

// Never zero: to PostgreSQL that means for ever.
struct TransactionLimits {
  std::chrono::milliseconds statement{30'000}, lock{5'000}, idle{60'000};
};

// What is left for one statement where everything must be over in `left`: a little before, the
// server gives up by itself, and on a lock before the statement that waits for it, so that the
// reason given is the true one.
TransactionLimits transaction_limits(std::chrono::milliseconds left,
                                     std::chrono::milliseconds most = std::chrono::milliseconds{
                                         30'000});

// READ ONLY, REPEATABLE READ. What it sets is for the transaction alone: the time-outs;
// row_security, off so that rows that a policy hides are an error, never missing; and how values
// are written as text (ISO dates in UTC, intervals of ISO 8601, bytea in hex, floats that
// round-trip). The settings are a query, after which PostgreSQL lets nothing make the transaction
// READ WRITE. https://www.postgresql.org/docs/15/sql-set-transaction.html
Group begin_read_only(const TransactionLimits& limits, bool row_security = false);

// READ WRITE, READ COMMITTED, the same settings.
Group begin_read_write(const TransactionLimits& limits, bool row_security = false);

}  // namespace drift::sql
