#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/drift/report/formats/outputs.h"

namespace drift::report {
namespace {

using Json = nlohmann::json;

Json run_of(const Output& output) { return Json::parse(to_sarif(output)).at("runs").at(0); }

TEST(Sarif, AResultSaysWhatWhereAndHowGrave) {
  const Json run = run_of(one_of_each());
  const Json& first = run.at("results").at(0);
  EXPECT_EQ(first.at("ruleId"), "missing-column");
  EXPECT_EQ(first.at("ruleIndex"), 1);
  EXPECT_EQ(first.at("level"), "error");
  EXPECT_EQ(first.at("message").at("text"), "missing: column app.t.a.");
  const Json& place = first.at("locations").at(0);
  EXPECT_EQ(place.at("physicalLocation").at("artifactLocation").at("uri"), "db/ci%20schema.json");
  EXPECT_EQ(place.at("physicalLocation").at("region").at("startLine"), 1);
  EXPECT_EQ(place.at("logicalLocations").at(0).at("fullyQualifiedName"), "app.t.a");
  EXPECT_EQ(first.at("partialFingerprints").at("primaryLocationLineHash"), "0123456789abcdef");
  EXPECT_EQ(first.at("properties").at("expected"), "text");
  EXPECT_FALSE(first.contains("suppressions"));
}

TEST(Sarif, WhatHasNoFileHasALogicalPlaceAlone) {
  const Json run = run_of(one_of_each());
  EXPECT_FALSE(run.at("results").at(1).at("locations").at(0).contains("physicalLocation"));
  EXPECT_EQ(run.at("results").at(1).at("level"), "warning");
}

TEST(Sarif, WhatIsIgnoredIsSuppressedWithTheReason) {
  EXPECT_EQ(run_of(one_of_each()).at("results").at(2).at("suppressions").at(0).at("justification"),
            "known");
}

TEST(Sarif, RulesHaveNamesAndHelp) {
  const Json rules = run_of(one_of_each()).at("tool").at("driver").at("rules");
  EXPECT_EQ(rules.at(0).at("name"), "ChangedTable");
  EXPECT_EQ(rules.at(0).at("help").at("text"), "mend it.");
  EXPECT_EQ(rules.at(1).at("help").at("text"), "a column is missing.");
}

TEST(Sarif, WhatWasNotCheckedIsNoSuccess) {
  Output output = one_of_each();
  EXPECT_EQ(run_of(output).at("invocations").at(0).at("executionSuccessful"), false);
  EXPECT_EQ(run_of(output).at("invocations").at(0).at("toolExecutionNotifications").size(), 3U);
  output.checks.erase(output.checks.begin() + 1);
  EXPECT_EQ(run_of(output).at("invocations").at(0).at("executionSuccessful"), true);
}

TEST(Sarif, AnyBytesAreJson) {
  const std::string text = run_of(hostile()).at("results").at(0).at("message").at("text");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\xf0\x9f\x98\x80"), std::string::npos);
}

}  // namespace
}  // namespace drift::report
