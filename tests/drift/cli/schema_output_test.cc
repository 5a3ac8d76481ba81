#include "drift/cli/schema_output.h"

#include <gtest/gtest.h>

#include "tests/drift/schema/snapshots.h"

namespace drift::cli {
namespace {

using schema::column;
using schema::property;
using schema::thing;

report::Output output_of(const std::vector<schema::Object>& expected,
                         const std::vector<schema::Object>& live, const std::string& file = "") {
  const schema::Snapshot should = schema::snapshot_of(expected), is = schema::snapshot_of(live);
  schema::Comparison comparison = schema::compare(should, is, false);
  if (!comparison.findings.empty()) {
    comparison.ignored.push_back({comparison.findings.front(), "rules.toml:3", "known"});
  }
  return schema_output(comparison, {"ci.json", should.header, should.root},
                       {"app on db", is.header, is.root}, file);
}

const schema::Object kTable = thing("table", "app", "t");

TEST(SchemaOutput, ARuleIsAStateAKindAndWhatItConcerns) {
  const report::Output output = output_of(
      {kTable, column("t", "a")},
      {thing("table", "app", "t", "", {property("comment", "x", schema::Facet::kComment)}),
       thing("index", "app", "t", "i", {property("keys", "a")})});
  std::vector<std::string> ids;
  for (const report::OutputRule& rule : output.rules) ids.push_back(rule.id + ": " + rule.title);
  EXPECT_EQ(ids, (std::vector<std::string>{
                     "changed-table-comment: a table differs in what concerns its comment",
                     "missing-column: a column is missing",
                     "unexpected-index: an index that nobody expects"}));
}

TEST(SchemaOutput, WhatFailsStandsFirstAndWhatIsIgnoredLast) {
  const report::Output output =
      output_of({kTable, column("t", "a")},
                {kTable, thing("index", "app", "t", "i", {property("keys", "b")})}, "ci.json");
  ASSERT_EQ(output.findings.size(), 3U);
  EXPECT_EQ(output.findings[0].name, "app.t.a");
  EXPECT_EQ(output.findings[0].level, report::Level::kError);
  EXPECT_EQ(output.findings[0].file, "ci.json");
  EXPECT_EQ(output.findings[1].level, report::Level::kWarning);
  EXPECT_EQ(output.findings[2].suppressed, "known (rules.toml:3)");
}

TEST(SchemaOutput, SaysWhatWasComparedAndOfWhat) {
  const report::Output output = output_of({kTable}, {kTable});
  EXPECT_EQ(output.verdict, "no drift");
  EXPECT_EQ(output.facts[0].second, "ci.json (PostgreSQL 15.18, version 'a1')");
  EXPECT_EQ(output.checks.size(), 10U);
  EXPECT_EQ(output.checks[0].why_not, "");
}

}  // namespace
}  // namespace drift::cli
