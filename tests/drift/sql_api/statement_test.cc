#include "drift/sql_api/statement.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/thrown_by.h"

// Attempts to get something past it are in tests/e2e/test_sql_api_read_only.py.
namespace drift::sql_api {
namespace {

std::string told(std::string_view sql) {
  const StatementFacts facts = statement_facts(sql);
  return std::string(facts.kind == StatementKind::kRead ? "reads " : "changes ") + facts.verb +
         (facts.pageable ? " in pages" : "");
}

TEST(Statement, ReadsAreToldFromChanges) {
  EXPECT_EQ(told("select 1"), "reads select in pages");
  EXPECT_EQ(told(" ( (SELECT 1)) ;"), "reads select in pages");
  EXPECT_EQ(told("(select"), "reads select in pages");  // PostgreSQL says what is missing
  EXPECT_EQ(told("VALUES (1)"), "reads values in pages");
  EXPECT_EQ(told("TABLE t"), "reads table in pages");
  EXPECT_EQ(told("SHOW ALL"), "reads show");
  EXPECT_EQ(told("EXPLAIN (ANALYZE, BUFFERS) SELECT 1"), "reads explain");
  EXPECT_EQ(told("EXPLAIN ANALYZE (SELECT 1)"), "reads explain");
  EXPECT_EQ(told("explain (select 1)"), "reads explain");
  EXPECT_EQ(told("EXPLAIN DELETE FROM t"), "reads explain");
  EXPECT_EQ(told("INSERT INTO t VALUES (1);"), "changes insert");
  EXPECT_EQ(told("/* x */ merge into t"), "changes merge");
  EXPECT_EQ(told("CALL p(1)"), "changes call");
}

TEST(Statement, DefinitionsAreThoseOfTablesAndOnlyWhereTheyAreAllowed) {
  for (const char* sql :
       {"CREATE TABLE t (a int)", "create unlogged table t ()", "CREATE UNIQUE INDEX ON t (a)",
        "CREATE OR REPLACE RECURSIVE VIEW v AS SELECT 1", "DROP MATERIALIZED VIEW v",
        "ALTER FOREIGN TABLE t ADD a int", "COMMENT ON COLUMN t.a IS 'x'", "TRUNCATE t",
        "ALTER DOMAIN d DROP DEFAULT"}) {
    EXPECT_EQ(statement_facts(sql, true).kind, StatementKind::kDefinition) << sql;
    EXPECT_NE(thrown_by([&] { statement_facts(sql); }).what(), std::string()) << sql;
  }
  EXPECT_EQ(statement_facts("DROP TABLE t", true).verb, "drop");
  for (const char* sql : {"CREATE TEMP TABLE t ()", "CREATE FUNCTION f()", "(CREATE TABLE t ())",
                          "ALTER ROLE r", "create \"table\" t ()", "DROP",
                          "CREATE FOREIGN DATA WRAPPER w", "ALTER SYSTEM RESET ALL"}) {
    EXPECT_TRUE(std::string(thrown_by([&] { statement_facts(sql, true); }).what())
                    .ends_with(" is not allowed here"))
        << sql;
  }
}

TEST(Statement, WithIsWhatItsPartsAre) {
  EXPECT_EQ(told("WITH a AS (SELECT 1) SELECT * FROM a"), "reads with in pages");
  EXPECT_EQ(told("WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT 2) TABLE a"),
            "reads with in pages");
  EXPECT_EQ(told("WITH a AS (SELECT 1) UPDATE t SET a = 1"), "changes update");
  EXPECT_EQ(told("WITH a AS NOT MATERIALIZED (DELETE FROM t RETURNING 1) SELECT 1"),
            "changes select");
  EXPECT_EQ(told("WITH a AS (WITH b AS (INSERT INTO t VALUES (1)) SELECT 1) SELECT 1"),
            "changes select");
  EXPECT_EQ(told("WITH a AS (SELECT 1 FOR UPDATE) SELECT 1"), "reads with in pages");
}

TEST(Statement, NamesMayBeThoseOfCommands) {
  EXPECT_EQ(told("WITH a AS (SELECT 5 AS delete) SELECT delete FROM a"), "reads with in pages");
  EXPECT_EQ(told("WITH a(delete) AS (SELECT 5) SELECT delete FROM a"), "reads with in pages");
  EXPECT_EQ(told("WITH delete AS (SELECT 5), insert(n) AS (SELECT 6) SELECT * FROM delete, insert"),
            "reads with in pages");
  EXPECT_EQ(told("WITH delete AS (DELETE FROM t RETURNING 1) SELECT * FROM delete"),
            "changes select");
  EXPECT_EQ(told("SELECT 'pg_terminate_backend(1)', dblink FROM t"), "reads select in pages");
}

TEST(Statement, OtherVerbsAreRefusedByName) {
  for (const char* sql : {"commit", "COMMIT WORK", "/**/Commit;"}) {
    const Error error = thrown_by([&] { statement_facts(sql); });
    EXPECT_EQ(error.fault, Fault::kUnsupported);
    EXPECT_STREQ(error.what(), "COMMIT is not allowed here");
  }
  EXPECT_STREQ(thrown_by([] { statement_facts("EXPLAIN (COSTS off)"); }).what(),
               "EXPLAIN explains nothing");
  EXPECT_STREQ(thrown_by([] { statement_facts("('x')"); }).what(),
               "the statement does not begin with a command that is allowed here");
}

}  // namespace
}  // namespace drift::sql_api
