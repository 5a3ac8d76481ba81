#include "drift/sql/read_only_transaction.h"

#include <gtest/gtest.h>

namespace drift::sql {
namespace {

using std::chrono::milliseconds;

std::string with_timeouts(const char* statement, const char* lock) {
  return std::string(
             "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
             "SET LOCAL statement_timeout = ") +
         statement + ";SET LOCAL lock_timeout = " + lock +
         ";SET LOCAL idle_in_transaction_session_timeout = 60000;"
         "SET LOCAL row_security = off";
}

TEST(ReadOnlyTransaction, HasItsOwnTimeOutsWhereTheRunHasTime) {
  EXPECT_EQ(begin_read_only(std::chrono::minutes{5}), with_timeouts("30000", "5000"));
}

TEST(ReadOnlyTransaction, GivesUpBeforeTheRunDoesAndTheLockFirst) {
  EXPECT_EQ(begin_read_only(milliseconds{2'200}), with_timeouts("2000", "1000"));
}

TEST(ReadOnlyTransaction, NeverAsksForNoTimeOutAtAll) {
  // To PostgreSQL 0 means for ever.
  EXPECT_EQ(begin_read_only(milliseconds{0}), with_timeouts("100", "50"));
}

}  // namespace
}  // namespace drift::sql
