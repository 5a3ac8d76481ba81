#include "drift/impact/operation_text.h"

#include <gtest/gtest.h>

namespace drift::impact {
namespace {

using pending::Lock;
using pending::Operation;
using pending::Severity;
using pending::Work;

Operation create_index(const std::string& table) {
  Operation one;
  one.operation = "create_index";
  one.table = table;
  one.columns = {"a", "b"};
  one.index = "ix";
  one.locks[table] = Lock::kShare;
  one.scans = true;
  one.line = 14;
  one.hazard("create-index", Severity::kHigh, Work::kIndex);
  return one;
}

LiveTables with(const std::string& name, std::optional<std::uint64_t> bytes) {
  LiveTables live;
  live.asked = live.read = true;
  live.database = "app on db.example.com:5432";
  live.tables[name].total_bytes = live.tables[name].heap_bytes = bytes;
  if (bytes) live.tables[name].rows = *bytes / 100;
  return live;
}

TEST(OperationText, IsTheCallInAFewWords) {
  Operation one = create_index("orders");
  EXPECT_EQ(shown(one), "create_index orders (a, b) ix");
  EXPECT_EQ(shown(one, /*with_table=*/false), "create_index (a, b) ix");
  one.columns = {"a", "b", "c", "d"};
  one.to = "else";
  EXPECT_EQ(shown(one), "create_index orders ix → else");
  one.operation = "execute";
  one.command = "CREATE INDEX";
  EXPECT_EQ(shown(one, false), "CREATE INDEX ix → else");
}

TEST(OperationText, SaysWhatItCannotRead) {
  Operation one;
  one.opaque = true;
  one.reason = "a loop over \x1b what";
  EXPECT_EQ(shown(one), "cannot read a loop over \\x1b what");
}

TEST(OperationText, SizesAreThoseOfTheCatalogOrUnknown) {
  LiveTables live = with("orders", 12'000'000'000);
  EXPECT_EQ(size_in_words(live, "orders"), "12 GB, ~120 M rows");
  live.tables["orders"].parts = 2;
  EXPECT_EQ(size_in_words(live, "orders"), "12 GB, ~120 M rows in 2 child tables");
  live.tables["orders"].kind = 'p';
  EXPECT_EQ(size_in_words(live, "orders"), "12 GB, ~120 M rows in 2 partitions");
  EXPECT_EQ(size_in_words(live, "users"), "not found in production");
  EXPECT_EQ(size_in_words(with("fresh", {}), "fresh"), "never analysed");
  EXPECT_EQ(size_in_words({}, "orders"), "size unknown");
}

TEST(OperationText, TheWaitIsOfTheStrongestLockAndNeverLessThanIsKnown) {
  const Operation one = create_index("orders");
  EXPECT_EQ(wait_in_words(one, with("orders", 12'000'000'000)), "SHARE: writers wait 1 to 10 min");
  EXPECT_EQ(wait_in_words(one, with("orders", 8'000)), "SHARE: writers wait under a second");
  EXPECT_EQ(wait_in_words(one, with("orders", {})),
            "SHARE: writers wait for a time that nobody can tell");
  EXPECT_EQ(wait_in_words(one, {}), "SHARE: writers wait for a time that nobody can tell");
  EXPECT_EQ(wait_in_words(Operation{}, {}), "");
}

TEST(OperationText, TheSafeWayIsThatOfTheGravestRuleThatCounts) {
  Operation one = create_index("orders");
  EXPECT_EQ(safe_way(one), "postgresql_concurrently=True in autocommit_block()");
  one.hazards[0].suppressed = "small for ever";
  EXPECT_EQ(safe_way(one), "");
}

TEST(OperationText, WhatATransactionHoldsIsSaidOnce) {
  pending::RevisionOperations revision{"b2", "versions/b2.py", "", {create_index("orders")}, {}};
  revision.operations.push_back(create_index("orders"));
  const std::string text = revision_text(revision, with("orders", 100'000'000));
  EXPECT_NE(text.find("  high    orders  100 MB, ~1 M rows  create_index (a, b) ix  SHARE: writers "
                      "wait under a second to 5 s"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  holds to the end of its transaction: orders (SHARE), 1 to 10 s\n"),
            std::string::npos)
      << text;
  revision.operations[0].autocommit = revision.operations[1].autocommit = true;
  EXPECT_EQ(revision_text(revision, {}).find("holds to the end"), std::string::npos);
}

TEST(OperationText, WhereSizesAreFromIsNeverLeftOut) {
  LiveTables live = with("orders", 1);
  EXPECT_EQ(sizes_in_words({}), "sizes not read: no database was asked");
  EXPECT_EQ(sizes_in_words(live),
            "sizes of app on db.example.com:5432, by its last VACUUM or ANALYZE");
  live.left_out = 2;
  live.why_not = "no right";
  EXPECT_EQ(sizes_in_words(live),
            "sizes of app on db.example.com:5432, by its last VACUUM or ANALYZE; sessions not "
            "read: no right; 2 tables not asked for");
  live.read = false;
  EXPECT_EQ(sizes_in_words(live), "sizes not read: no right");
}

}  // namespace
}  // namespace drift::impact
