#include "drift/sql_api/idempotency.h"

#include <gtest/gtest.h>

namespace drift::sql_api {
namespace {

TEST(Idempotency, KeysOfTwoDatabasesAreTwo) {
  const IdempotencyKey one = idempotency_key("k", "app on a", "request");
  EXPECT_EQ(one.name, idempotency_key("k", "app on a", "other").name);
  EXPECT_NE(one.request, idempotency_key("k", "app on a", "other").request);
  EXPECT_NE(one.name, idempotency_key("k", "app on b", "request").name);
  EXPECT_NE(one.name, idempotency_key("ak", "app on ", "request").name);
  EXPECT_EQ(one.name.size(), 64U);
}

TEST(Idempotency, TheLockIsThatOfTheKey) {
  const IdempotencyKey high{"ffffffffffffffff" + std::string(48, '0'), ""};
  const IdempotencyKey low{"0000000000000010" + std::string(48, '0'), ""};
  EXPECT_EQ(lock_statement(high).parameters.at(0), "-1");
  EXPECT_EQ(lock_statement(low).parameters.at(0), "16");
}

TEST(Idempotency, OnlyTheTimeOfALockIsOver) {
  sql::ServerError error;
  error.sqlstate = "57014";
  EXPECT_FALSE(still_under_way(error));
  error.sqlstate = "55P03";
  EXPECT_TRUE(still_under_way(error));
}

}  // namespace
}  // namespace drift::sql_api
