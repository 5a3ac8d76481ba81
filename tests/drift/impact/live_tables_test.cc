#include "drift/impact/live_tables.h"

#include <gtest/gtest.h>

namespace drift::impact {
namespace {

using pending::Lock;
using pending::Operation;
using Names = std::set<std::string>;

TEST(Concerned, AreTablesThatAreNamedOrLocked) {
  Operation foreign_key;
  foreign_key.table = "orders";
  foreign_key.locks = {{"orders", Lock::kShareRowExclusive}, {"users", Lock::kShareRowExclusive}};
  Operation created;
  created.table = "fresh";
  const Concerned concerned = concerned_by({foreign_key, created, Operation{}});
  EXPECT_EQ(concerned.tables, (Names{"fresh", "orders", "users"}));
  EXPECT_EQ(concerned.indexes, Names{});
}

TEST(Concerned, AnIndexWithoutATableIsLookedUp) {
  Operation known, unknown;
  known.table = "orders";
  known.index = "ix_orders";
  unknown.index = "ix_users";
  Concerned concerned = concerned_by({known});
  concerned.merge(concerned_by({unknown}));
  EXPECT_EQ(concerned.tables, Names{"orders"});
  EXPECT_EQ(concerned.indexes, Names{"ix_users"});
}

}  // namespace
}  // namespace drift::impact
