#include "drift/report/schema_section.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drift::report {
namespace {

SchemaSection compared() {
  SchemaSection section;
  section.expected.emplace();
  section.expected->from = "recorded";
  section.expected->place = "s3://schemas/recorded/a1.json";
  section.expected->version_rows = {"a1"};
  section.expected->server_version_num = 150'018;
  section.expected->root = std::string(64, 'a');
  section.coverage = {{"table", "compared"}, {"view definition", "not checked: two versions"}};
  return section;
}

TEST(SchemaSection, SaysWhatItWasComparedWithAndWhatThatGave) {
  SchemaSection section = compared();
  const std::string with = "compared with what was recorded at s3://schemas/recorded/a1.json";
  EXPECT_EQ(in_words(section), with + ": no difference");
  section.notes = 1;
  EXPECT_EQ(in_words(section), with + ": no difference that fails, and 1 that does not");
  section.warnings = 2;
  section.failing = 4;
  EXPECT_EQ(in_words(section), with + ": 4 differences, and 3 that do not");
}

TEST(SchemaSection, APartThatWasNotComparedIsSaidAndViewsOfTwoVersionsDoNotCount) {
  SchemaSection section = compared();
  EXPECT_EQ(section.kinds_not_compared(), 0U);
  section.coverage["version rows"] = "not checked: x";
  EXPECT_EQ(section.kinds_not_compared(), 0U);
  section.coverage["index"] = "not checked: locked";
  EXPECT_EQ(section.kinds_not_compared(), 1U);
  EXPECT_EQ(in_words(section),
            "compared with what was recorded at s3://schemas/recorded/a1.json: no difference in "
            "what was compared; 1 kind of thing not compared");
}

TEST(SchemaSection, WhatWasAcceptedIsNamedWithWhoAndWhy) {
  SchemaSection section = compared();
  section.expected->from = "accepted";
  section.expected->acceptance.emplace();
  section.expected->acceptance->by = "ana@host";
  section.expected->acceptance->reason = "by hand";
  section.expected->acceptance->at = TimePoint{std::chrono::seconds{1'795'143'600}};
  EXPECT_EQ(in_words(section),
            "compared with production as it was accepted by ana@host at 2026-11-20T03:00:00Z: by "
            "hand (s3://schemas/recorded/a1.json): no difference");
  const auto json = nlohmann::json::parse(to_json(section));
  EXPECT_EQ(json["expected"]["accepted"]["by"], "ana@host");
  EXPECT_EQ(json["expected"]["accepted"]["until"], nullptr);
}

TEST(SchemaSection, RulesOfTheRepositoryAreNamedWithTheirCommit) {
  SchemaSection section = compared();
  const std::string words = in_words(section);
  section.rules = SchemaRulesUsed{"/etc/rules.toml", ""};
  EXPECT_EQ(in_words(section), words);
  EXPECT_EQ(nlohmann::json::parse(to_json(section))["rules"]["commit"], nullptr);
  section.rules = SchemaRulesUsed{"deploy/rules.toml", "0123456789abcdef0123"};
  EXPECT_EQ(in_words(section), words + "; rules: deploy/rules.toml at 0123456789ab");
  EXPECT_EQ(nlohmann::json::parse(to_json(section))["rules"]["commit"], "0123456789abcdef0123");
}

TEST(SchemaSection, NotComparedSaysWhy) {
  SchemaSection section;
  section.not_compared_because = "a reason";
  EXPECT_FALSE(section.compared());
  EXPECT_EQ(in_words(section), "not compared: a reason");
  const auto json = nlohmann::json::parse(to_json(section));
  EXPECT_EQ(json["compared"], false);
  EXPECT_EQ(json["not_compared_because"], "a reason");
  EXPECT_EQ(json["expected"], nullptr);
}

TEST(SchemaSection, FindingsOfHealthAreCountedWhereAnyKindWasRead) {
  SchemaSection section;
  section.health = schema::unchecked_health("x");
  EXPECT_FALSE(health_findings(section));
  section.health.coverage["invalid_index"] = "read";
  EXPECT_EQ(health_findings(section), 0U);
  section.health.counts = {{"invalid_index", 25}, {"trigger_disabled", 2}};
  EXPECT_EQ(health_findings(section), 27U);
}

}  // namespace
}  // namespace drift::report
