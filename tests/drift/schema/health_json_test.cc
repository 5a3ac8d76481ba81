#include "drift/schema/health_json.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drift/sql/strict_json.h"

namespace drift::schema {
namespace {

std::optional<Health> read(const std::string& json) {
  const auto value = sql::read_json(json);
  const auto* object = std::get_if<sql::JsonValue>(&value);
  if (object == nullptr) {
    ADD_FAILURE() << std::get<sql::JsonRefusal>(value).reason;
    return std::nullopt;
  }
  return read_health_json(*object);
}

Health sick() {
  Health health = unchecked_health("it took longer than it may");
  health.coverage[std::string(kInvalidIndex)] = "read";
  health.counts[std::string(kInvalidIndex)] = 21;
  health.findings.push_back(
      health_finding({kInvalidIndex, "public.\"t\"\n", "public.i", "", "", "", false}));
  return health;
}

TEST(HealthJson, ComesBackAsItWas) {
  const Health health = sick();
  const auto back = read(to_json(health));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->coverage, health.coverage);
  EXPECT_EQ(back->counts, health.counts);
  ASSERT_EQ(back->findings.size(), 1u);
  const HealthFinding& one = back->findings[0];
  const HealthFinding& was = health.findings[0];
  EXPECT_EQ(one.kind, was.kind);
  EXPECT_EQ(one.severity, was.severity);
  EXPECT_EQ(one.fingerprint, was.fingerprint);
  EXPECT_EQ(one.message, was.message);
  EXPECT_EQ(one.action, was.action);
  EXPECT_EQ(one.subjects, was.subjects);
}

TEST(HealthJson, WhatTheOtherDoesNotTellOfIsNotChecked) {
  const auto health = read(R"({"coverage":{"invalid_index":"read"},"counts":{},"findings":[]})");
  ASSERT_TRUE(health);
  EXPECT_EQ(health->coverage.size(), health_kinds().size());
  EXPECT_EQ(health->coverage.at("invalid_index"), "read");
  EXPECT_EQ(health->coverage.at("trigger_disabled"), "not checked: the function does not tell");
}

TEST(HealthJson, KindsOfALaterVersionArePassedOver) {
  const auto health =
      read(R"({"coverage":{"later":"read"},"counts":{"later":3},"findings":[{"kind":"later",)"
           R"("severity":"info","fingerprint":"0123456789abcdef","message":"m","action":"",)"
           R"("subjects":[]}]})");
  ASSERT_TRUE(health);
  EXPECT_EQ(health->coverage.size(), health_kinds().size());
  EXPECT_TRUE(health->counts.empty());
  EXPECT_TRUE(health->findings.empty());
}

std::string with_finding(const std::string& finding) {
  return R"({"coverage":{},"counts":{},"findings":[)" + finding + "]}";
}

TEST(HealthJson, WhatIsNoHealthIsNotGuessedAt) {
  for (const std::string& json : std::vector<std::string>{
           "{}", "[]", R"({"coverage":{},"counts":{}})", R"({"coverage":{},"findings":[]})",
           R"({"coverage":[],"counts":{},"findings":[]})",
           R"({"coverage":{},"counts":[],"findings":[]})",
           R"({"coverage":{},"counts":{},"findings":{}})",
           R"({"coverage":{"invalid_index":"fine"},"counts":{},"findings":[]})",
           R"({"coverage":{"invalid_index":1},"counts":{},"findings":[]})",
           R"({"coverage":{},"counts":{"invalid_index":-1},"findings":[]})",
           R"({"coverage":{},"counts":{"invalid_index":1.5},"findings":[]})",
           R"({"coverage":{},"counts":{"invalid_index":"1"},"findings":[]})",
           R"({"coverage":{},"counts":{"invalid_index":99999999999999999999},"findings":[]})",
           with_finding("1"),
           with_finding(R"({"kind":"invalid_index","severity":"bad","fingerprint":)"
                        R"("0123456789abcdef","message":"m","action":"","subjects":[]})"),
           with_finding(R"({"kind":"invalid_index","severity":"info","fingerprint":"0123",)"
                        R"("message":"m","action":"","subjects":[]})"),
           with_finding(R"({"kind":"invalid_index","severity":"info","fingerprint":)"
                        R"("0123456789abcdef","message":1,"action":"","subjects":[]})"),
           with_finding(R"({"kind":"invalid_index","severity":"info","fingerprint":)"
                        R"("0123456789abcdef","message":"m","action":"","subjects":[1]})")}) {
    EXPECT_FALSE(read(json)) << json;
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += i == 0 ? "1" : ",1";
  EXPECT_FALSE(read(with_finding(many)));
}

}  // namespace
}  // namespace drift::schema
