#include "drift/schema/rules/rules.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "tests/drift/schema/snapshots.h"
#include "tests/thrown_by.h"

namespace drift::schema {
namespace {

const Object kTable = thing("table", "app", "t");
const TimePoint kNow = *parse_rfc3339("2026-11-22T00:00:00Z");

Object index(std::string name, std::vector<Property> properties = {property("keys", "a")}) {
  return thing("index", "app", "t", std::move(name), std::move(properties));
}

// What is left of a comparison under `rules`, one a line; in brackets what does not fail, and
// behind a bar what was ignored, then the warnings.
std::string told(const std::string& rules, const std::vector<Object>& expected,
                 const std::vector<Object>& live, bool strict = false) {
  const Snapshot is = snapshot_of(live);
  Comparison comparison = compare(snapshot_of(expected), is, strict);
  apply_rules(read_rules(rules, "rules.toml"), is, kNow, comparison);
  std::string text;
  for (const Finding& finding : comparison.findings) {
    std::string line = std::string(state_name(finding.state)) + ' ' + finding.kind + ' ' +
                       finding.on + '.' + finding.name;
    if (!finding.property.empty()) {
      line += ' ' + finding.property + ": " + finding.live + " for " + finding.expected;
    }
    text += finding.fails ? line + '\n' : '(' + line + ": " + finding.why_not_failing + ")\n";
  }
  for (const Ignored& ignored : comparison.ignored) {
    text += "| " + ignored.finding.name + " by " + ignored.rule + '\n';
  }
  for (const std::string& warning : comparison.rule_warnings) text += "! " + warning + '\n';
  return text;
}

TEST(Rules, WhatIsIgnoredIsKeptAside) {
  EXPECT_EQ(told("[[ignore]]\nkind = \"index\"\nname = \"app.t.tmp_*\"\nreason = \"r\"\n", {kTable},
                 {kTable, index("tmp_1"), index("other")}),
            "(unexpected index t.other: an index made by hand)\n| tmp_1 by rules.toml:1\n");
}

TEST(Rules, TheFirstThatMatchesDecides) {
  EXPECT_EQ(told("[[fail]]\nname = \"app.t.a\"\nreason = \"one\"\n"
                 "[[ignore]]\nkind = [\"index\", \"view\"]\nreason = \"two\"\n",
                 {kTable}, {kTable, index("a"), index("b")}),
            "unexpected index t.a\n| b by rules.toml:4\n");
}

TEST(Rules, WhatFailsCanBeReportedAlone) {
  EXPECT_EQ(told("[[report]]\nkind = \"column\"\nstate = \"missing\"\nreason = \"moving\"\n",
                 {kTable, column("t", "a")}, {kTable}),
            "(missing column t.a: moving)\n");
}

TEST(Rules, StrictMakesAllFailButWhatARuleTakesOut) {
  EXPECT_EQ(told("[[ignore]]\nfacet = \"comment\"\nreason = \"r\"\n", {kTable},
                 {thing("table", "app", "t", "",
                        {property("comment", "x", Facet::kComment),
                         property("options", "y", Facet::kTuning)})},
                 true),
            "changed table .t options: y for \n| t by rules.toml:1\n");
}

TEST(Rules, APropertyCanBeNamed) {
  EXPECT_EQ(told("[[ignore]]\nproperty = \"wh*\"\nreason = \"r\"\n",
                 {kTable, index("a", {property("keys", "a"), property("where", "x")})},
                 {kTable, index("a", {property("keys", "b")})}),
            "changed index t.a keys: b for a\n| a by rules.toml:1\n");
}

TEST(Rules, AnUnusedRuleAndOneThatEndedAreWarnings) {
  EXPECT_EQ(told("[[ignore]]\nkind = \"index\"\nreason = \"old\"\nuntil = 2026-11-22\n"
                 "[[ignore]]\nkind = \"view\"\nreason = \"none\"\nuntil = \"2027-01-01\"\n",
                 {kTable}, {kTable, index("a")}),
            "(unexpected index t.a: an index made by hand)\n"
            "! the rule at rules.toml:1 ended on 2026-11-22: old\n"
            "! the rule at rules.toml:5 matches no difference: none\n");
}

TEST(Rules, PartsOfADeclaredFamilyComeAndGo) {
  const auto part = [](std::string name, std::string of) {
    std::vector<Property> all = {property("inherits", std::move(of)),
                                 property("partition_bound", "FOR VALUES IN ('" + name + "')")};
    return thing("table", "app", std::move(name), "", std::move(all));
  };
  const std::string rules = "[[parts]]\nof = \"app.t\"\nreason = \"daily\"\n";
  EXPECT_EQ(told(rules, {kTable, part("old", "app.t")},
                 {kTable, part("new", "app.t"), part("deep", "app.new")}),
            "| deep by rules.toml:1\n| new by rules.toml:1\n| old by rules.toml:1\n");
  // A part that is there on both sides and is another one stays a difference.
  EXPECT_EQ(
      told(rules, {kTable, part("p", "app.t"), column("p", "a")}, {kTable, part("p", "app.t")}),
      "missing column p.a\n! the rule at rules.toml:1 matches no difference: daily\n");
  EXPECT_EQ(told("[[fail]]\nkind = \"partition\"\nreason = \"r\"\n", {kTable},
                 {kTable, part("new", "app.t")}),
            "unexpected table .new\n");
}

TEST(Rules, GlobsMatchAnyText) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbbYc"));
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_TRUE(glob_matches("**", "x"));
  EXPECT_FALSE(glob_matches("a*b", "ac"));
  EXPECT_FALSE(glob_matches("", "a"));
  EXPECT_FALSE(glob_matches("a", "ab"));
  EXPECT_FALSE(glob_matches("a?", "a"));
}

// ------------------------------------------------------------------------------ rights of roles

Property granted(const std::string& role, std::string rights) {
  return property("privileges of " + role, std::move(rights), Facet::kPrivilege);
}

std::string roles(const std::string& rules, const std::vector<Object>& live) {
  return told("[[role]]\nreason = \"r\"\n" + rules, live, live);
}

TEST(RoleRights, WhatARoleHasIsWhatItShouldHave) {
  EXPECT_EQ(roles("name = \"app\"\nrights = [\"SELECT on table app.*\", \"USAGE on schema app\"]",
                  {thing("schema", "", "app", "", {granted("app", "USAGE")}),
                   thing("table", "app", "t", "", {granted("app", "SELECT")})}),
            "");
}

TEST(RoleRights, MissingAndExcessRightsAreFindings) {
  const std::vector<Object> live = {thing("table", "app", "t", "", {granted("app", "SELECT*")}),
                                    thing("view", "app", "v", "", {})};
  EXPECT_EQ(roles("name = \"app\"\nrights = [\"INSERT on table app.t\"]", live),
            "changed table .t rights of app: SELECT for INSERT\n");
  EXPECT_EQ(roles("name = \"app\"\nrights = [\"SELECT on table app.*\"]", live),
            "changed view .v rights of app: none for SELECT\n");
  EXPECT_EQ(roles("name = \"app\"\nexact = false\nrights = [\"INSERT on table app.v\"]", live),
            "changed view .v rights of app: none for INSERT\n");
}

TEST(RoleRights, PublicMayExecuteFunctionsUnlessThatWasRevoked) {
  EXPECT_EQ(roles("name = \"PUBLIC\"\nrights = []",
                  {thing("function", "app", "f(integer)"),
                   thing("function", "app", "g()", "", {granted("PUBLIC", "none")})}),
            "changed function .f(integer) rights of PUBLIC: EXECUTE for none\n");
}

TEST(RoleRights, AllIsEveryRightOfTheKind) {
  const std::vector<Object> live = {thing("table", "app", "t", "", {granted("app", "ALL")})};
  EXPECT_EQ(roles("name = \"app\"\nrights = [\"ALL on table app.t\"]", live), "");
  EXPECT_EQ(
      roles("name = \"app\"\nrights = [\"SELECT on table app.t\"]", live),
      "changed table .t rights of app: DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, "
      "UPDATE for SELECT\n");
}

TEST(RoleRights, ARightOnATableIsOneOnItsColumns) {
  const auto live = [](std::string on_table, std::string on_column) {
    std::vector<Property> table, column;
    if (!on_table.empty()) table.push_back(granted("app", on_table));
    if (!on_column.empty()) column.push_back(granted("app", on_column));
    return std::vector<Object>{thing("table", "app", "t", "", table),
                               thing("column", "app", "t", "c", column)};
  };
  const std::string column =
      "name = \"app\"\nexact = false\nrights = [\"SELECT on column app.t.c\"]";
  EXPECT_EQ(roles(column, live("", "SELECT")), "");
  EXPECT_EQ(roles(column, live("SELECT", "")), "");
  EXPECT_EQ(roles(column, live("", "")), "changed column t.c rights of app: none for SELECT\n");
  EXPECT_EQ(roles("name = \"app\"\nrights = []", live("", "SELECT")),
            "changed column t.c rights of app: SELECT for none\n");
}

TEST(RoleRights, TheOwnerIsNotJudged) {
  EXPECT_EQ(roles("name = \"app\"\nrights = []",
                  {thing("table", "app", "t", "",
                         {granted("app", "SELECT"), property("owner", "app", Facet::kOwner)})}),
            "");
}

TEST(RoleRights, DefaultPrivilegesAreRightsOfTheFuture) {
  const std::vector<Object> live = {
      thing("default privileges", "app", "owner on tables", "", {granted("app", "SELECT")})};
  EXPECT_EQ(roles("name = \"app\"\nrights = [\"SELECT on default app.tables\"]", live), "");
  EXPECT_EQ(roles("name = \"app\"\nrights = []", live),
            "changed default privileges .owner on tables rights of app: SELECT for none\n");
}

TEST(RoleRights, TheExpectedSideDoesNotJudgeARoleOfTheRules) {
  const Object one = thing("table", "app", "t", "", {granted("app", "SELECT")});
  const Object other = thing("table", "app", "t", "", {granted("app", "INSERT")});
  EXPECT_EQ(told("[[role]]\nname = \"app\"\nrights = [\"INSERT on table app.t\"]\nreason = \"r\"",
                 {one}, {other}),
            "| t by rules.toml:1\n");
}

TEST(RoleRights, ARightOnNothingIsAWarning) {
  EXPECT_EQ(
      roles("name = \"app\"\nrights = [\"SELECT on table app.orders\"]", {kTable}),
      "! the right 'SELECT on table app.orders' of the rule at rules.toml:1 is on nothing that "
      "was read\n");
}

TEST(RoleRights, WhatARoleHasBesidesIsNotToldWhereThatDoesNotMatter) {
  EXPECT_EQ(roles("name = \"app\"\nexact = false\nrights = [\"INSERT on table app.t\"]",
                  {thing("table", "app", "t", "", {granted("app", "SELECT")})}),
            "changed table .t rights of app: none for INSERT\n");
}

TEST(RoleRights, OnePastItsDateIsNotAsked) {
  EXPECT_EQ(roles("name = \"app\"\nrights = []\nuntil = 2026-01-01",
                  {thing("table", "app", "t", "", {granted("app", "SELECT")})}),
            "! the rule at rules.toml:1 ended on 2026-01-01: r\n");
}

// ------------------------------------------------------------------------------------- the file

void expect_refused(const std::string& text, const std::string& message, const std::string& hint) {
  expect_error(thrown_by([&] { read_rules(text, "rules.toml"); }), Fault::kConfiguration, message,
               hint);
}

TEST(RulesFile, UnknownKeysAreRefused) {
  expect_refused("[[ignore]]\nkinds = \"index\"\nreason = \"r\"",
                 "rules.toml:2: unknown key 'kinds' in [[ignore]]", "did you mean 'kind'?");
  expect_refused("[[ignored]]\nreason = \"r\"", "rules.toml:1: unknown key 'ignored' in the file",
                 "did you mean 'ignore'?");
  expect_refused("[[parts]]\nfacet = \"x\"", "rules.toml:2: unknown key 'facet' in [[parts]]",
                 "it has of, reason, until");
}

TEST(RulesFile, ARuleSaysWhatAndWhy) {
  expect_refused("[[ignore]]\nkind = \"index\"", "rules.toml:1: [[ignore]] has no reason",
                 "add reason = \"…\": whoever reads it in a year wants to know");
  expect_refused("[[fail]]\nreason = \"r\"", "rules.toml:1: [[fail]] matches every difference",
                 "say which: kind = \"index\", name = \"app.orders.tmp_*\", property or facet");
  expect_refused("[[parts]]\nreason = \"r\"", "rules.toml:1: [[parts]] does not say of which table",
                 "add of = \"app.measurements\"");
  expect_refused("[[role]]\nreason = \"r\"", "rules.toml:1: [[role]] has no name",
                 "add name = \"app_reader\"");
  expect_refused("[[role]]\nname = \"a\"\nreason = \"r\"", "rules.toml:1: [[role]] has no rights",
                 "add rights = [\"SELECT on table app.*\"], or rights = [] for none at all");
}

TEST(RulesFile, ValuesThatMeanNothingAreRefused) {
  expect_refused("[[ignore]]\nfacet = \"owners\"\nreason = \"r\"",
                 "rules.toml:2: unknown facet 'owners'",
                 "give structure, privilege, owner, comment, tuning");
  expect_refused("[[ignore]]\nkind = 3\nreason = \"r\"",
                 "rules.toml:2: kind is neither text nor a list of texts",
                 "write kind = \"…\" or kind = [\"…\", \"…\"]");
  expect_refused("[[ignore]]\nkind = \"x\"\nreason = 3", "rules.toml:3: reason is not text",
                 "put it in quotes");
  for (const char* date : {"3", "\"7d\"", "\"tomorrow or so\""}) {
    expect_refused(std::string("[[ignore]]\nkind = \"x\"\nreason = \"r\"\nuntil = ") + date,
                   "rules.toml:4: until is not a date", "write until = 2026-12-31");
  }
  expect_refused(
      "[[role]]\nname = \"a\"\nreason = \"r\"\nrights = [\"select on app.*\"]",
      "rules.toml:4: 'select on app.*' is not a right",
      "write PRIVILEGE on KIND NAME: \"SELECT on table app.*\"; kinds are table, column, "
      "schema, sequence, function, default");
  expect_refused("[[role]]\nname = \"a\"\nreason = \"r\"\nrights = []\nexact = 1",
                 "rules.toml:5: exact is neither true nor false", "");
  expect_refused("ignore = 3", "rules.toml:1: ignore is not a list of tables", "write [[ignore]]");
}

TEST(RulesFile, WhatIsNoTomlSaysWhere) {
  const Error error = thrown_by([] { read_rules("\n[[ignore", "rules.toml"); });
  EXPECT_TRUE(std::string(error.what()).starts_with("rules.toml:2: "));
  EXPECT_EQ(error.hint, "the file is TOML: https://toml.io");
  expect_refused(std::string(2U << 20U, ' '), "rules.toml is larger than 1 MiB: not rules", "");
}

}  // namespace
}  // namespace drift::schema
