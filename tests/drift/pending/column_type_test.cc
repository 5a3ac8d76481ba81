#include "drift/pending/column_type.h"

#include <gtest/gtest.h>

namespace drift::pending {
namespace {

ColumnType type(const char* name, std::vector<int> modifier = {}) { return {name, modifier}; }

TEST(ColumnType, OnlyANarrowerTextIsWrittenAnew) {
  EXPECT_EQ(rewritten_by(type("varchar", {5}), type("varchar", {9}), 18), false);
  EXPECT_EQ(rewritten_by(type("varchar", {9}), type("varchar", {5}), 18), true);
  EXPECT_EQ(rewritten_by(type("varchar", {9}), type("text"), 18), false);
  EXPECT_EQ(rewritten_by(type("text"), type("varchar", {9}), 18), true);
}

TEST(ColumnType, AnUnknownTypeIsNotGuessed) {
  EXPECT_EQ(rewritten_by({}, type("text"), 18), std::nullopt);
  EXPECT_EQ(rewritten_by(type("text"), {}, 18), std::nullopt);
}

TEST(ColumnType, TimestampsChangedTheirZoneWithRowsBefore12) {
  EXPECT_EQ(rewritten_by(type("timestamp"), type("timestamptz"), 11), true);
  EXPECT_EQ(rewritten_by(type("timestamp"), type("timestamptz"), 12), false);
}

}  // namespace
}  // namespace drift::pending
