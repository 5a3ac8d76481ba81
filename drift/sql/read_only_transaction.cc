#include "drift/sql/read_only_transaction.h"

#include <fmt/format.h>

#include <algorithm>

namespace drift::sql {
namespace {

using std::chrono::milliseconds;

// Long enough for a migration's last commit, short enough not to hang behind a stuck one.
constexpr milliseconds kLockTimeout{5'000};

// SET LOCAL in one statement, and one that takes a snapshot.
Statement settings(const TransactionLimits& limits, bool row_security) {
  return {fmt::format("SELECT pg_catalog.set_config('statement_timeout', '{}', true),"
                      "pg_catalog.set_config('lock_timeout', '{}', true),"
                      "pg_catalog.set_config('idle_in_transaction_session_timeout', '{}', true),"
                      "pg_catalog.set_config('row_security', '{}', true),"
                      "pg_catalog.set_config('standard_conforming_strings', 'on', true),"
                      "pg_catalog.set_config('DateStyle', 'ISO, YMD', true),"
                      "pg_catalog.set_config('TimeZone', 'UTC', true),"
                      "pg_catalog.set_config('IntervalStyle', 'iso_8601', true),"
                      "pg_catalog.set_config('bytea_output', 'hex', true),"
                      "pg_catalog.set_config('extra_float_digits', '1', true)",
                      limits.statement.count(), limits.lock.count(), limits.idle.count(),
                      row_security ? "on" : "off"),
          {},
          nullptr};
}

}  // namespace

TransactionLimits transaction_limits(milliseconds left, milliseconds most) {
  const milliseconds budget = std::max(left - milliseconds{200}, milliseconds{100});
  TransactionLimits limits;
  limits.statement = std::min(most, budget);
  limits.lock = std::max(std::min(kLockTimeout, limits.statement / 2), milliseconds{1});
  return limits;
}

Group begin_read_only(const TransactionLimits& limits, bool row_security) {
  return {{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}, nullptr},
          settings(limits, row_security)};
}

Group begin_read_write(const TransactionLimits& limits, bool row_security) {
  return {{"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", {}, nullptr},
          settings(limits, row_security)};
}

}  // namespace drift::sql
