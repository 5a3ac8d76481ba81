#include "drift/impact/operation_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drift::impact {
namespace {

using pending::Lock;
using pending::Operation;
using pending::Severity;

TEST(OperationJson, WhatIsNotKnownIsNull) {
  Operation one;
  one.operation = "drop_index";
  one.index = "ix";
  one.scans = std::nullopt;
  const auto json = operation_json(one, {});
  for (const char* key : {"table", "constraint", "to", "scans", "seconds"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  EXPECT_EQ(json.at("index"), "ix");
  EXPECT_EQ(json.at("rewrites"), false);
  EXPECT_FALSE(json.contains("command"));
  EXPECT_FALSE(json.contains("reason"));
  EXPECT_FALSE(json.contains("wait"));  // no database was asked
}

TEST(OperationJson, ATimeIsARangeOfSecondsAndStandsInWordsToo) {
  Operation one;
  one.operation = "execute";
  one.command = "CREATE INDEX";
  one.table = "orders";
  one.locks["orders"] = Lock::kShare;
  one.scans = true;
  one.hazard("create-index", Severity::kHigh, pending::Work::kIndex);
  LiveTables live;
  live.asked = live.read = true;
  live.tables["orders"].heap_bytes = 400'000'000;
  const auto json = operation_json(one, live);
  EXPECT_EQ(json.at("command"), "CREATE INDEX");
  EXPECT_EQ(json.at("seconds").dump(), R"({"from":2.0,"to":20.0})");
  EXPECT_EQ(json.at("wait"), "SHARE: writers wait 2 to 20 s");
  EXPECT_EQ(json.at("rules").at(0).at("rule"), "create-index");
  EXPECT_TRUE(json.at("rules").at(0).at("suppressed").is_null());
}

TEST(OperationJson, TablesSayWhatWasReadAndWhatWasNot) {
  LiveTables live;
  live.asked = true;
  live.why_not = "no right";
  auto json = tables_json(live);
  EXPECT_EQ(json.at("read"), false);
  EXPECT_EQ(json.at("because"), "no right");
  EXPECT_TRUE(json.at("server_version").is_null());
  live.why_not.clear();
  live.read = true;
  live.server_version = 15;
  LiveTable& table = live.tables["a\xff"];
  table.kind = 'p';
  table.holders = {{Lock::kAccessShare, 2, 0, std::nullopt, "prepared transaction", ""}};
  json = tables_json(live);
  EXPECT_EQ(json.at("read"), true);
  EXPECT_EQ(json.at("server_version"), 15);
  const auto& one = json.at("tables").at("a\xef\xbf\xbd");  // no byte that is not UTF-8
  EXPECT_EQ(one.at("kind"), "p");
  EXPECT_TRUE(one.at("bytes").is_null());
  EXPECT_EQ(one.at("lock_holders").at(0).at("mode"), "ACCESS SHARE");
  EXPECT_TRUE(one.at("lock_holders").at(0).at("pid").is_null());
  EXPECT_TRUE(one.at("lock_holders").at(0).at("seconds").is_null());
}

}  // namespace
}  // namespace drift::impact
