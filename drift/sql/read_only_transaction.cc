#include "drift/sql/read_only_transaction.h"

#include <fmt/format.h>

#include <algorithm>

namespace drift::sql {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStatementTimeout{30'000};
// Long enough for a migration's last commit, short enough not to hang behind a stuck one.
constexpr milliseconds kLockTimeout{5'000};
constexpr milliseconds kIdleTimeout{60'000};

}  // namespace

std::string begin_read_only(milliseconds left) {
  // The server gives up a little before we do, and a lock before the statement that waits for it,
  // so that the reason given is the true one.
  const milliseconds budget = std::max(left - milliseconds{200}, milliseconds{100});
  return fmt::format(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
      "SET LOCAL statement_timeout = {};"
      "SET LOCAL lock_timeout = {};"
      "SET LOCAL idle_in_transaction_session_timeout = {};"
      "SET LOCAL row_security = off",
      std::min(kStatementTimeout, budget).count(), std::min(kLockTimeout, budget / 2).count(),
      kIdleTimeout.count());
}

}  // namespace drift::sql
