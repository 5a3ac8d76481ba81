#include "drift/sql/read_only_transaction.h"

#include <gtest/gtest.h>

#include <string>

namespace drift::sql {
namespace {

using std::chrono::milliseconds;

std::string timeouts(const TransactionLimits& limits) {
  return std::to_string(limits.statement.count()) + " " + std::to_string(limits.lock.count()) +
         " " + std::to_string(limits.idle.count());
}

TEST(ReadOnlyTransaction, HasItsOwnTimeOutsWhereTheRunHasTime) {
  EXPECT_EQ(timeouts(transaction_limits(std::chrono::minutes{5})), "30000 5000 60000");
}

TEST(ReadOnlyTransaction, GivesUpBeforeTheRunDoesAndTheLockFirst) {
  EXPECT_EQ(timeouts(transaction_limits(milliseconds{2'200})), "2000 1000 60000");
}

TEST(ReadOnlyTransaction, NeverAsksForNoTimeOutAtAll) {
  // To PostgreSQL 0 means for ever.
  EXPECT_EQ(timeouts(transaction_limits(milliseconds{0})), "100 50 60000");
  EXPECT_EQ(timeouts(transaction_limits(milliseconds{0}, milliseconds{1})), "1 1 60000");
}

TEST(ReadOnlyTransaction, AStatementThatAsksForLessGetsLess) {
  EXPECT_EQ(timeouts(transaction_limits(std::chrono::minutes{5}, milliseconds{800})),
            "800 400 60000");
}

TEST(ReadOnlyTransaction, BeginsBeforeAnythingIsSetAndSetsForTheTransactionAlone) {
  const Group group = begin_read_only(transaction_limits(std::chrono::minutes{5}));
  ASSERT_EQ(group.size(), 2U);
  EXPECT_EQ(group[0].text, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  EXPECT_EQ(group[1].text.find("false"), std::string::npos);
  EXPECT_NE(group[1].text.find("set_config('row_security', 'off', true)"), std::string::npos);
  const Group with_policies = begin_read_only(TransactionLimits{}, true);
  EXPECT_NE(with_policies[1].text.find("set_config('row_security', 'on', true)"),
            std::string::npos);
}

}  // namespace
}  // namespace drift::sql
