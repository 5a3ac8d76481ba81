#include "drift/schema/statements/script.h"

#include <gtest/gtest.h>

#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/names.h"
#include "tests/drift/schema/snapshots.h"

namespace drift::schema {
namespace {

const Object kTable = thing("table", "app", "t");

std::string text_of_script(const std::vector<Object>& expected, const std::vector<Object>& live,
                           bool strict = true) {
  const Snapshot should = snapshot_of(expected), is = snapshot_of(live);
  return script_text(script_of(compare(should, is, strict), should, is), "ci.json", "live.json",
                     150'018);
}

// The statements alone, without what is said of them.
std::string statements(const std::vector<Object>& expected, const std::vector<Object>& live) {
  const Snapshot should = snapshot_of(expected), is = snapshot_of(live);
  std::string text;
  for (const Step& step : script_of(compare(should, is, true), should, is).steps) {
    for (const std::string& sql : step.sql) text += (step.removes.empty() ? "" : "! ") + sql + '\n';
    if (step.sql.empty()) text += "- " + step.why_not + '\n';
  }
  return text;
}

TEST(Script, AMissingColumnIsAddedAndOneTooManyStandsCommentedOut) {
  EXPECT_EQ(text_of_script({kTable, column("t", "a")}, {kTable, column("t", "b", "text")}),
            "-- What would bring the live schema to the expected one. Nobody has run it: read it "
            "first.\n"
            "-- expected: ci.json\n-- live: live.json\n"
            "-- 2 differences: 2 with statements, 0 brought along by others, 0 without\n"
            "-- 1 takes something away and stands commented out, behind --!\n"
            "-- Not in one transaction, which CREATE INDEX CONCURRENTLY refuses:\n"
            "--   psql -X -v ON_ERROR_STOP=1 -f FILE\n"
            "-- Locks are those of tables; nobody waits for one longer than lock_timeout says.\n\n"
            "SET search_path = '';\nSET check_function_bodies = off;\nSET lock_timeout = '5s';\n\n"
            "-- missing: column app.t.a\n"
            "-- note: the values that it once had are not to be had from here\n"
            "-- ACCESS EXCLUSIVE on app.t\n"
            "ALTER TABLE app.t ADD COLUMN a integer;\n\n"
            "-- unexpected: column app.t.b\n"
            "-- takes away: the column and every value in it\n"
            "--! -- ACCESS EXCLUSIVE on app.t\n"
            "--! ALTER TABLE app.t DROP COLUMN b;\n");
}

TEST(Script, NothingToDoIsSaid) {
  EXPECT_EQ(text_of_script({kTable}, {kTable}),
            "-- What would bring the live schema to the expected one. Nobody has run it: read it "
            "first.\n-- expected: ci.json\n-- live: live.json\n"
            "-- 0 differences: 0 with statements, 0 brought along by others, 0 without\n");
}

TEST(Script, WhatDoesNotFailIsLeftOutAndCounted) {
  const Object commented =
      thing("table", "app", "t", "", {property("comment", "x", Facet::kComment)});
  EXPECT_NE(text_of_script({kTable}, {commented}, false)
                .find("; 1 that do not fail were left out (--strict has them too)"),
            std::string::npos);
}

// A snapshot is a file, and its digest is no signature.
TEST(Script, ATextThatIsMoreThanAPartOfAStatementIsNotWritten) {
  const auto with_default = [](const char* value) {
    return thing("column", "app", "t", "a",
                 {property("default", value), property("type", "integer")});
  };
  for (const char* value : {"1; DROP TABLE app.t", "1; SELECT 2;", "1) ; --", "1 \\! touch x"}) {
    const std::string text = text_of_script({kTable, with_default(value)}, {kTable});
    EXPECT_EQ(text.find("ADD COLUMN"), std::string::npos) << text;
    EXPECT_NE(text.find("-- no statement: the snapshot holds a text that is not the part of one "
                        "statement"),
              std::string::npos)
        << text;
  }
}

TEST(Script, ANameCannotLeaveItsComment) {
  const std::string text =
      text_of_script({kTable}, {kTable, thing("table", "app", "x\nDROP TABLE app.t;--")});
  for (std::size_t at = text.find("DROP"); at != std::string::npos;
       at = text.find("DROP", at + 1)) {
    const std::size_t line = text.rfind('\n', at) + 1;
    EXPECT_EQ(text.substr(line, 2), "--") << text;
  }
}

TEST(Script, AnIndexIsBuiltBesideItsTable) {
  const auto index = [](const char* keys) {
    return thing("index", "app", "t", "i", {property("keys", keys)});
  };
  EXPECT_EQ(statements({kTable, index("a")}, {kTable}),
            "CREATE INDEX CONCURRENTLY i ON app.t USING btree (a)\n");
  const std::string text = statements({kTable, index("a")}, {kTable, index("b")});
  EXPECT_NE(text.find("DROP INDEX CONCURRENTLY app.i\n"), std::string::npos) << text;
  EXPECT_LT(text.find("CREATE INDEX CONCURRENTLY schema_drift_"), text.find("DROP INDEX"));
  EXPECT_EQ(statements({kTable}, {kTable, index("a")}), "! DROP INDEX CONCURRENTLY app.i\n");
}

TEST(Script, WhatIsNamedIsMadeBefore) {
  const auto sequence = thing("sequence", "app", "z");
  const auto users =
      thing("column", "app", "a", "id",
            {property("default", "nextval('app.z'::regclass)"), property("type", "integer")});
  EXPECT_EQ(statements({sequence, thing("table", "app", "a"), users}, {}),
            "CREATE SEQUENCE app.z INCREMENT BY 1 NO MINVALUE NO MAXVALUE START WITH 1 CACHE 1 NO "
            "CYCLE\n"
            "CREATE TABLE app.a (\n  id integer DEFAULT nextval('app.z'::regclass)\n)\n");
}

Object constraint(const char* name, const char* definition) {
  return thing("constraint", "app", "t", name, {property("definition", definition)});
}

TEST(Script, LocksAreThoseOfEveryTableThatTheLiveSideTellsOf) {
  const Object key = constraint("t_k", "FOREIGN KEY (a) REFERENCES \"o T\".\"K\"(id)");
  const std::string dropped =
      text_of_script({kTable, column("t", "a")}, {kTable, column("t", "a"), key});
  EXPECT_NE(dropped.find("--! -- ACCESS EXCLUSIVE on app.t, ACCESS EXCLUSIVE on o T.K\n"
                         "--! ALTER TABLE app.t DROP CONSTRAINT t_k;"),
            std::string::npos)
      << dropped;
  const Object index = thing("index", "app", "t", "i", {property("keys", "a")});
  const std::string gone =
      text_of_script({kTable, column("t", "a")}, {kTable, column("t", "a"), index});
  EXPECT_NE(gone.find("--! -- SHARE UPDATE EXCLUSIVE on app.t\n"
                      "--! DROP INDEX CONCURRENTLY app.i;"),
            std::string::npos)
      << gone;
}

TEST(Script, WhatAStatementProvesTheNextNeedNotRead) {
  Object should = column("t", "a");
  should.properties.insert(should.properties.begin(), property("not_null", "yes"));
  const std::string text = text_of_script({kTable, should}, {kTable, column("t", "a")});
  EXPECT_NE(text.find("-- ACCESS EXCLUSIVE on app.t\n"
                      "ALTER TABLE app.t ALTER COLUMN a SET NOT NULL;"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("-- SHARE UPDATE EXCLUSIVE on app.t, while the table is read from end to "
                      "end\nALTER TABLE app.t VALIDATE CONSTRAINT "),
            std::string::npos)
      << text;
}

TEST(Script, ALongerTypeThanTheLiveOneIsNoRewrite) {
  const std::string text = text_of_script({kTable, column("t", "a", "character varying(20)")},
                                          {kTable, column("t", "a", "character varying(10)")});
  EXPECT_NE(text.find("-- ACCESS EXCLUSIVE on app.t\nALTER TABLE app.t ALTER COLUMN a TYPE"),
            std::string::npos)
      << text;
}

TEST(Script, TypesThatKeepTheirValuesAreChangedAndOthersAreNot) {
  const auto changed = [](const char* expected, const char* live) {
    return statements({kTable, column("t", "a", expected)}, {kTable, column("t", "a", live)});
  };
  EXPECT_EQ(changed("bigint", "integer"), "ALTER TABLE app.t ALTER COLUMN a TYPE bigint\n");
  EXPECT_EQ(changed("character varying(3)", "text"),
            "ALTER TABLE app.t ALTER COLUMN a TYPE character varying(3)\n");
  EXPECT_EQ(changed("integer", "bigint"),
            "! ALTER TABLE app.t ALTER COLUMN a TYPE integer USING a::integer\n");
  EXPECT_EQ(changed("numeric(10,1)", "numeric(10,2)"),
            "! ALTER TABLE app.t ALTER COLUMN a TYPE numeric(10,1) USING a::numeric(10,1)\n");
}

TEST(Script, AnEnumGetsItsValuesInTheirPlaces) {
  const auto mood = [](const char* labels) {
    return thing("enum", "app", "mood", "", {property("labels", labels)});
  };
  EXPECT_EQ(statements({mood("'a', 'b', 'c''d', 'e'")}, {mood("'b', 'e'")}),
            "ALTER TYPE app.mood ADD VALUE 'a' BEFORE 'b'\n"
            "ALTER TYPE app.mood ADD VALUE 'c''d' AFTER 'b'\n");
  EXPECT_EQ(statements({mood("'a', 'b'")}, {mood("'a', 'x'")}),
            "ALTER TYPE app.mood RENAME VALUE 'x' TO 'b'\n");
  EXPECT_EQ(statements({mood("'a'")}, {mood("'a', 'b'")}),
            "- PostgreSQL takes no value away from an enum\n");
}

TEST(Grants, RightsAreGivenAndTakenWordByWord) {
  const auto granted = [](const char* expected, const char* live, const char* who = "app") {
    std::string text;
    for (const std::string& sql : privilege_statements(kTable, std::string("privileges of ") + who,
                                                       expected, live, 150'018)) {
      text += sql + '\n';
    }
    return text;
  };
  EXPECT_EQ(granted("SELECT", "INSERT"),
            "REVOKE INSERT ON app.t FROM app\nGRANT SELECT ON app.t TO app\n");
  EXPECT_EQ(granted("", "ALL", "PUBLIC"), "REVOKE ALL ON app.t FROM PUBLIC\n");
  EXPECT_EQ(granted("SELECT*", "SELECT"), "GRANT SELECT ON app.t TO app WITH GRANT OPTION\n");
  EXPECT_EQ(granted("SELECT", "SELECT*"), "REVOKE GRANT OPTION FOR SELECT ON app.t FROM app\n");
  EXPECT_EQ(granted("SELECT", "", "\"PUBLIC\""), "GRANT SELECT ON app.t TO \"PUBLIC\"\n");
  EXPECT_EQ(granted("", "SELECT", "@owner"), "");  // nobody knows who that is
}

TEST(Names, AreQuotedWhereTheyMustBe) {
  EXPECT_EQ(qualified("app", "orders"), "app.orders");
  EXPECT_EQ(qualified("app", "order"), "app.\"order\"");
  EXPECT_EQ(qualified("", "A\"b"), "\"A\"\"b\"");
  EXPECT_EQ(signature("app", "add(integer, text)"), "app.add(integer, text)");
  EXPECT_EQ(signature("app", "a(b(integer)"), std::nullopt);
}

TEST(Definitions, OptionsAreSetAndReset) {
  EXPECT_EQ(options_to_set("a=1, b=x y", "a=1"), "b = 'x y'");
  EXPECT_EQ(options_to_reset("a=1, b=2", "b=3"), "a");
}

}  // namespace
}  // namespace drift::schema
