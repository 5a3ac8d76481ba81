#include "drift/schema/comparison.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/schema/comparison_text.h"
#include "tests/drift/schema/snapshots.h"
#include "tests/thrown_by.h"

namespace drift::schema {
namespace {

const Object kTable = thing("table", "app", "t");

// "missing column app.t.a", one a line; in brackets what does not fail.
std::string told(const std::vector<Object>& expected, const std::vector<Object>& live,
                 bool strict = false) {
  std::string text;
  for (const Finding& finding :
       compare(snapshot_of(expected), snapshot_of(live), strict).findings) {
    std::string line = std::string(state_name(finding.state)) + ' ' + finding.kind + ' ';
    for (const std::string& part : {finding.schema, finding.on}) {
      if (!part.empty()) line += part + '.';
    }
    line += finding.name;
    if (!finding.property.empty()) line += ' ' + finding.property;
    if (!finding.to.empty()) line += " to " + finding.to;
    text += (finding.fails ? line : '(' + line + ')') + '\n';
  }
  return text;
}

TEST(Comparison, TheSameIsNoFinding) {
  EXPECT_EQ(told({kTable, column("t", "a")}, {column("t", "a"), kTable}), "");
}

TEST(Comparison, AMissingColumnAndOneTooMany) {
  EXPECT_EQ(told({kTable, column("t", "a")}, {kTable, column("t", "b", "text")}),
            "missing column app.t.a\nunexpected column app.t.b\n");
}

Object member(const char* role, const char* rights) {
  return thing("extension member", "", "citext", "function citext_hash(citext)",
               {property(std::string("privileges of ") + role, rights, Facet::kPrivilege)});
}

TEST(Comparison, AMemberOfAnExtensionThatIsNotThereIsOneOnWhichNothingWasGranted) {
  const Object citext = thing("extension", "", "citext");
  const Object granted = member("PUBLIC", "none");
  const std::string changed =
      "changed extension member citext.function citext_hash(citext) privileges of PUBLIC\n";
  EXPECT_EQ(told({citext}, {citext, granted}), changed);
  EXPECT_EQ(told({citext, granted}, {citext}), changed);
  EXPECT_EQ(told({citext, granted}, {citext, member("PUBLIC", "ALL")}), changed);
  EXPECT_EQ(told({citext, granted}, {citext, granted}), "");
  // A role that the expected side does not name.
  EXPECT_EQ(told({citext}, {citext, member("rds_superuser", "ALL")}),
            "(changed extension member citext.function citext_hash(citext) privileges of "
            "rds_superuser)\n");
  // It goes with its extension.
  EXPECT_EQ(told({}, {citext, granted}), "(unexpected extension citext)\n");
  EXPECT_EQ(told({citext, granted}, {}), "missing extension citext\n");
}

TEST(Comparison, AChangedPropertyIsToldWithBothValues) {
  const Comparison comparison = compare(snapshot_of({kTable, column("t", "a", "text")}),
                                        snapshot_of({kTable, column("t", "a")}), false);
  ASSERT_EQ(comparison.findings.size(), 1U);
  const Finding& finding = comparison.findings.front();
  EXPECT_EQ(finding.property, "type");
  EXPECT_EQ(finding.expected, "text");
  EXPECT_EQ(finding.live, "integer");
  EXPECT_EQ(finding.severity, "critical");
  EXPECT_EQ(finding.fingerprint.size(), 16U);
}

TEST(Comparison, TheFingerprintIsOfWhatDiffersNotOfHow) {
  const auto print = [](const char* type, const char* name) {
    return compare(snapshot_of({kTable, column("t", name, "text")}),
                   snapshot_of({kTable, column("t", name, type)}), false)
        .findings.front()
        .fingerprint;
  };
  EXPECT_EQ(print("integer", "a"), print("bigint", "a"));
  EXPECT_NE(print("integer", "a"), print("integer", "b"));
}

TEST(Comparison, EqualButForTheNameIsRenamed) {
  EXPECT_EQ(told({kTable, column("t", "a")}, {kTable, column("t", "b")}),
            "renamed column app.t.a to b\n");
}

TEST(Comparison, ATriggerSaysItsOwnNameAndIsRenamedAllTheSame) {
  const auto trigger = [](const char* name, const char* definition) {
    return thing("trigger", "app", "t", name, {property("definition", definition)});
  };
  EXPECT_EQ(told({kTable, trigger("a", "CREATE TRIGGER a AFTER INSERT ON app.t EXECUTE app.a()")},
                 {kTable, trigger("b", "CREATE TRIGGER b AFTER INSERT ON app.t EXECUTE app.a()")}),
            "renamed trigger app.t.a to b\n");
}

TEST(Comparison, OfTwoAlikeNobodyKnowsWhichWasRenamed) {
  EXPECT_EQ(told({kTable, column("t", "a"), column("t", "b")}, {kTable, column("t", "c")}),
            "missing column app.t.a\nmissing column app.t.b\nunexpected column app.t.c\n");
}

TEST(Comparison, WhatNamesARenamedThingIsTheSame) {
  const auto check = [](const char* definition) {
    return thing("constraint", "app", "t", "positive", {property("definition", definition)});
  };
  EXPECT_EQ(told({kTable, column("t", "a"), check("CHECK ((a > 0))")},
                 {kTable, column("t", "b"), check("CHECK ((b > 0))")}),
            "renamed column app.t.a to b\n");
  EXPECT_EQ(told({kTable, column("t", "a"), check("CHECK ((a > 0))")},
                 {kTable, column("t", "b"), check("CHECK ((b > 1))")}),
            "renamed column app.t.a to b\nchanged constraint app.t.positive definition\n");
}

TEST(Comparison, ARenamedTableTakesAlongWhatIsOnIt) {
  const Object primary =
      thing("constraint", "app", "t", "t_pkey", {property("definition", "PRIMARY KEY (a)")});
  Object renamed = primary;
  renamed.object = "u";
  EXPECT_EQ(told({kTable, column("t", "a"), column("t", "c", "text"), primary},
                 {thing("table", "app", "u"), column("u", "a"), column("u", "c", "text"), renamed}),
            "renamed table app.t to u\n");
}

TEST(Comparison, AMissingTableStandsForWhatIsOnIt) {
  EXPECT_EQ(told({kTable, column("t", "a"), column("t", "b"),
                  thing("sequence", "app", "t_a_seq", "", {property("owned_by", "app.t.a")})},
                 {}),
            "missing table app.t\n");
  EXPECT_EQ(told({thing("schema", "", "app"), kTable, column("t", "a")}, {}),
            "missing schema app\n");
}

TEST(Comparison, AConstraintStandsForItsIndex) {
  EXPECT_EQ(
      told({kTable, thing("constraint", "app", "t", "k", {property("definition", "UNIQUE (a)")}),
            thing("index", "app", "t", "k",
                  {property("constraint", "k"), property("keys", "a"), property("unique", "yes")})},
           {kTable}),
      "missing constraint app.t.k\n");
}

TEST(Comparison, APartitionHasWhatItsParentHas) {
  const Object parent = thing("table", "app", "p", "", {property("partitioned_by", "RANGE (a)")});
  const Object part =
      thing("table", "app", "p1", "",
            {property("inherits", "app.p"), property("partition_bound", "DEFAULT")});
  const auto inherited = [](const char* name) {
    return thing("column", "app", "p1", name,
                 {property("inherited", "yes"), property("type", "text")});
  };
  EXPECT_EQ(told({parent, part, column("p", "a", "text"), inherited("a"), column("p", "b", "text"),
                  inherited("b")},
                 {parent, part, column("p", "a", "text"), inherited("a")}),
            "missing column app.p.b\n");
  EXPECT_EQ(told({parent, column("p", "a", "text")},
                 {parent, part, column("p", "a", "text"), inherited("a")}),
            "(unexpected table app.p1)\n");
}

TEST(Comparison, WithoutItsParentATableHasAllForItself) {
  const auto part = [](std::vector<Property> properties) {
    return thing("table", "app", "b", "", std::move(properties));
  };
  const Object inherited = thing("column", "app", "b", "x", {property("inherited", "yes")});
  const Object own = thing("column", "app", "b", "x");
  EXPECT_EQ(told({part({property("inherits", "app.a")}), inherited}, {part({}), own}),
            "changed table app.b inherits\n");
  EXPECT_EQ(told({part({property("inherits", "app.a")}), inherited},
                 {part({property("inherits", "app.a")}), own}),
            "(changed column app.b.x inherited)\n");
}

TEST(Comparison, TheSchemaOfAnExtensionIsOneFindingAndNotOneForEachColumn) {
  const auto extension = [](const char* schema) {
    return thing("extension", "", "citext", "", {property("schema", schema)});
  };
  EXPECT_EQ(told({extension("app"), kTable, column("t", "a", "app.citext")},
                 {extension("public"), kTable, column("t", "a", "public.citext")}),
            "changed extension citext schema\n");
  EXPECT_EQ(told({extension("app"), kTable, column("t", "a", "app.citext")},
                 {extension("public"), kTable, column("t", "a", "public.text")}),
            "changed extension citext schema\nchanged column app.t.a type\n");
}

TEST(Comparison, WhatDiffersByEnvironmentDoesNotFail) {
  const auto with = [](Property property) {
    return thing("table", "app", "t", "", {std::move(property)});
  };
  const std::vector<std::pair<Property, std::string>> differences = {
      {property("owner", "me", Facet::kOwner), "(changed table app.t owner)\n"},
      {property("comment", "x", Facet::kComment), "(changed table app.t comment)\n"},
      {property("options", "fillfactor=70", Facet::kTuning), "(changed table app.t options)\n"},
      {property("privileges of rdsadmin", "SELECT", Facet::kPrivilege),
       "(changed table app.t privileges of rdsadmin)\n"},
      {property("privileges of PUBLIC", "SELECT", Facet::kPrivilege),
       "changed table app.t privileges of PUBLIC\n"},
      {property("unlogged", "yes"), "changed table app.t unlogged\n"}};
  for (const auto& [difference, finding] : differences) {
    EXPECT_EQ(told({kTable}, {with(difference)}), finding);
    const std::string strict = told({kTable}, {with(difference)}, true);
    EXPECT_NE(strict.front(), '(') << strict;
  }
}

TEST(Comparison, AGrantToARoleThatTheExpectedSideNamesFails) {
  const Object other =
      thing("table", "app", "u", "", {property("privileges of app", "SELECT", Facet::kPrivilege)});
  EXPECT_EQ(told({kTable, other},
                 {other, thing("table", "app", "t", "",
                               {property("privileges of app", "SELECT", Facet::kPrivilege)})}),
            "changed table app.t privileges of app\n");
}

TEST(Comparison, AnIndexMadeByHandIsReportedAndAUniqueOneFails) {
  EXPECT_EQ(told({kTable}, {kTable, thing("index", "app", "t", "i", {property("keys", "a")})}),
            "(unexpected index app.t.i)\n");
  EXPECT_EQ(told({kTable}, {kTable, thing("index", "app", "t", "i",
                                          {property("keys", "a"), property("unique", "yes")})}),
            "unexpected index app.t.i\n");
}

TEST(Comparison, AKindThatWasNotReadIsNotEqual) {
  Header header = header_of();
  header.coverage["column"] = "not checked: locked by another session: app.t";
  const Comparison comparison =
      compare(snapshot_of({kTable, column("t", "a")}), snapshot_of({kTable}, header), false);
  EXPECT_TRUE(comparison.findings.empty());
  EXPECT_EQ(comparison.coverage.at("column"),
            "not checked: live side: locked by another session: app.t");
  EXPECT_EQ(comparison.coverage.at("table"), "compared");
  EXPECT_EQ(exit_code(comparison), 2);
}

TEST(Comparison, AKindThatASnapshotDoesNotKnowIsNotEqual) {
  Header header = header_of();
  header.coverage.erase("column");
  const Comparison comparison = compare(snapshot_of({}, header), snapshot_of({}), false);
  EXPECT_EQ(comparison.coverage.at("column"), "not checked: expected side: not in the snapshot");
}

TEST(Comparison, ViewsAreNotComparedByTextBetweenMajorVersions) {
  const auto view = [](const char* definition) {
    return thing("view", "app", "v", "", {property("definition", definition)});
  };
  const Comparison comparison =
      compare(snapshot_of({view("SELECT t.a"), column("v", "a")}),
              snapshot_of({view("SELECT a"), column("v", "a")}, header_of(160'001)), false);
  EXPECT_TRUE(comparison.findings.empty());
  EXPECT_EQ(comparison.coverage.at("view definition"),
            "not checked: PostgreSQL 15 and 16 tell the same query in different words");
  EXPECT_EQ(exit_code(comparison), 0);
}

TEST(Comparison, ALineThatIsNoObjectIsAnError) {
  const Snapshot broken = read_snapshot(snapshot_text(header_of(), {"{\"x\":{\"y\":\"z\"}}"}), "x");
  const Error error = thrown_by([&] { compare(broken, snapshot_of({}), false); });
  EXPECT_STREQ(error.what(), "a snapshot holds a line that is not an object");
}

TEST(ComparisonText, SaysWhatDiffersAndWhatWasNotCompared) {
  Header header = header_of(160'001);
  header.version_rows.reset();
  const Snapshot expected = snapshot_of({kTable, column("t", "a", "text")});
  const Snapshot live = snapshot_of(
      {kTable, column("t", "a"), thing("index", "app", "t", "i", {property("keys", "a")})}, header);
  const Comparison comparison = compare(expected, live, false);
  EXPECT_EQ(comparison_text(comparison, {"ci.json", expected.header, expected.root},
                            {"app on db.example.com", live.header, live.root}),
            "expected  ci.json (PostgreSQL 15.18, version 'a1')\n"
            "live      app on db.example.com (PostgreSQL 16.1, version rows not read)\n"
            "drift: 1 difference\n"
            "  changed    column app.t.a: type is integer, expected text\n"
            "not failing: 1 difference\n"
            "  unexpected index app.t.i (an index made by hand)\n"
            "view definition not checked: PostgreSQL 15 and 16 tell the same query in different "
            "words\n");
}

TEST(ComparisonText, WhatDiffersByEnvironmentIsCounted) {
  const auto owned = [](const char* table, const char* owner) {
    return thing("table", "app", table, "", {property("owner", owner, Facet::kOwner)});
  };
  const Snapshot ci = snapshot_of({owned("t", "ci"), owned("u", "ci")});
  const Snapshot live = snapshot_of({owned("t", "app"), owned("u", "app")});
  EXPECT_EQ(comparison_text(compare(ci, live, false), {"a", ci.header, ""}, {"b", live.header, ""}),
            "expected  a (PostgreSQL 15.18, version 'a1')\n"
            "live      b (PostgreSQL 15.18, version 'a1')\n"
            "no drift\n"
            "not failing: 2 differences\n"
            "  2 differences: owners differ by environment\n");
}

TEST(ComparisonText, TwoRevisionsAreSaidToBeTwo) {
  Header header = header_of();
  header.version_rows = {"b2"};
  const Snapshot one = snapshot_of({kTable});
  EXPECT_EQ(comparison_text(compare(one, one, false), {"a", header_of(), ""}, {"b", header, ""}),
            "expected  a (PostgreSQL 15.18, version 'a1')\n"
            "live      b (PostgreSQL 15.18, version 'b2')\n"
            "the two sides are of different revisions\n"
            "no drift\n");
}

}  // namespace
}  // namespace drift::schema
