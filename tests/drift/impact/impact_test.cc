#include "drift/impact/impact.h"

#include <gtest/gtest.h>

namespace drift::impact {
namespace {

using pending::Lock;
using pending::Operation;
using pending::Severity;
using pending::Work;

LiveTables with(const std::string& name, std::optional<std::uint64_t> bytes, double growth = 1) {
  LiveTables live;
  live.asked = live.read = true;
  LiveTable table;
  table.name = "public." + name;
  table.heap_bytes = table.total_bytes = bytes;
  table.growth = growth;
  live.tables[name] = table;
  return live;
}

Operation index_of(const std::string& table) {
  Operation operation;
  operation.operation = "create_index";
  operation.table = table;
  operation.index = "ix";
  operation.scans = true;
  operation.locks[table] = Lock::kShare;
  operation.at_least(Severity::kLow);
  operation.hazard("create-index", Severity::kHigh, Work::kIndex);
  return operation;
}

Severity judged(Operation operation, const LiveTables& live) {
  judge(operation, live);
  return operation.severity;
}

TEST(Impact, TimeIsARangeOrUnderASecond) {
  EXPECT_EQ(in_words({0.001, 0.99}), "under a second");
  EXPECT_EQ(in_words({0.5, 4}), "under a second to 4 s");
  EXPECT_EQ(in_words({4, 80}), "4 to 80 s");
  EXPECT_EQ(in_words({30, 600}), "30 s to 10 min");
  EXPECT_EQ(in_words({60, 600}), "1 to 10 min");
  EXPECT_EQ(in_words({600, 7'200}), "10 min to 2 h");
  EXPECT_EQ(in_words({7'200, 72'000}), "2 to 20 h");
}

TEST(Impact, SizesHaveTwoDigits) {
  EXPECT_EQ(bytes_in_words(0), "0 bytes");
  EXPECT_EQ(bytes_in_words(8'192), "8.2 kB");
  EXPECT_EQ(bytes_in_words(12'000'000'000), "12 GB");
  EXPECT_EQ(bytes_in_words(4'200'000'000'000), "4.2 TB");
  EXPECT_EQ(rows_in_words(1), "~1 row");
  EXPECT_EQ(rows_in_words(999), "~999 rows");
  EXPECT_EQ(rows_in_words(41'000'000), "~41 M rows");
}

TEST(Impact, AgesAreInOneUnit) {
  EXPECT_EQ(age_in_words(-1), "0 s");
  EXPECT_EQ(age_in_words(119), "119 s");
  EXPECT_EQ(age_in_words(720), "12 min");
  EXPECT_EQ(age_in_words(4 * 3'600), "4 h");
  EXPECT_EQ(age_in_words(3 * 86'400), "3 days");
}

TEST(Impact, SizeLowersWhatStaysUnderASecondAtTheSlowestRate) {
  EXPECT_EQ(judged(index_of("t"), with("t", 19'000'000)), Severity::kLow);
  EXPECT_EQ(judged(index_of("t"), with("t", 20'000'000)), Severity::kHigh);
}

TEST(Impact, WhatMayHaveGrownIsNotLowered) {
  EXPECT_EQ(judged(index_of("t"), with("t", 19'000'000, 2)), Severity::kHigh);
}

TEST(Impact, AnUnknownSizeStaysHigh) {
  EXPECT_EQ(judged(index_of("t"), with("t", std::nullopt)), Severity::kHigh);
  EXPECT_EQ(judged(index_of("t"), with("other", 1)), Severity::kHigh);
}

TEST(Impact, LossAndWhatCannotSucceedStayHighHoweverSmall) {
  for (const char* rule :
       {"drop-column", "rename", "add-column-not-null", "concurrently-in-transaction"}) {
    Operation operation = index_of("t");
    operation.hazard(rule);
    EXPECT_EQ(judged(operation, with("t", 8'192)), Severity::kHigh) << rule;
  }
}

TEST(Impact, WhatWasNotReadStaysHigh) {
  Operation operation = index_of("t");
  operation.opaque = true;
  EXPECT_EQ(judged(operation, with("t", 8'192)), Severity::kHigh);
}

TEST(Impact, ALockThatIsHeldCountsForTheTimeOfTheWorkUnderIt) {
  Operation operation = index_of("t");
  operation.hazard("held-lock");
  EXPECT_EQ(judged(operation, with("t", 8'192)), Severity::kLow);
  operation.hazard("data-change", Severity::kMedium);
  EXPECT_EQ(judged(operation, with("t", 8'192)), Severity::kHigh);
}

TEST(Impact, AForeignKeyReadsBothTables) {
  Operation operation = index_of("t");
  operation.hazards = {{"add-foreign-key", Severity::kHigh, Work::kScan, "", ""}};
  operation.to = "other";
  LiveTables live = with("t", 8'192);
  live.tables["other"] = with("other", 60'000'000).tables["other"];
  EXPECT_EQ(judged(operation, live), Severity::kHigh);
  live.tables["other"].heap_bytes = 8'192;
  EXPECT_EQ(judged(operation, live), Severity::kLow);
}

// https://www.postgresql.org/docs/15/explicit-locking.html#TABLE-LOCK-COMPATIBILITY
TEST(Impact, LocksConflictAsPostgresqlSays) {
  const std::vector<std::string> table = {
      ".......X", "......XX", "....XXXX", "...XXXXX",
      "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX",
  };
  for (int held = 1; held <= 8; ++held) {
    for (int asked = 1; asked <= 8; ++asked) {
      const bool conflicts =
          table[static_cast<std::size_t>(held - 1)][static_cast<std::size_t>(asked - 1)] == 'X';
      EXPECT_EQ(conflict(static_cast<Lock>(held), static_cast<Lock>(asked)), conflicts)
          << held << " " << asked;
    }
  }
}

TEST(Impact, TheQueueNamesTheOldestAndSaysWhatItCannotSee) {
  LiveTables live = with("t", 1);
  auto& holders = live.tables["t"].holders;
  holders.push_back({Lock::kAccessShare, 1, 7, 30.0, "active", "psql"});
  EXPECT_TRUE(queue_of({{"t", Lock::kShare}}, live).empty());
  EXPECT_EQ(
      queue_of({{"t", Lock::kAccessExclusive}}, live),
      std::vector<std::string>{
          "t: session 7 (active, psql) holds ACCESS SHARE, in a transaction of 30 s; the "
          "ACCESS EXCLUSIVE of this waits for it, and everybody who comes later behind this"});
  holders.push_back({Lock::kRowExclusive, 2, 8, std::nullopt, "", ""});
  EXPECT_EQ(queue_of({{"t", Lock::kAccessExclusive}}, live),
            std::vector<std::string>{
                "t: session 8 holds ROW EXCLUSIVE, for how long is unknown: this role may not see "
                "it (pg_read_all_stats), and 2 more locks; the ACCESS EXCLUSIVE of this waits for "
                "it, and everybody who comes later behind this"});
}

TEST(Impact, TheOwnersLockTimeoutIsSaid) {
  LiveTables live = with("t", 1);
  live.tables["t"].owner = "app";
  const pending::Locks locks = {{"t", Lock::kShare}};
  EXPECT_EQ(lock_timeout_in_words(locks, live), "role app has no setting of its own");
  live.tables["t"].lock_timeout_ms = 0;
  EXPECT_EQ(lock_timeout_in_words(locks, live), "role app waits for ever");
  live.tables["t"].lock_timeout_ms = 5'000;
  EXPECT_EQ(lock_timeout_in_words(locks, live), "role app gives up after 5000 ms");
}

}  // namespace
}  // namespace drift::impact
