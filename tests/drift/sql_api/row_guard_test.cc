#include "drift/sql_api/row_guard.h"

#include <gtest/gtest.h>

// That PostgreSQL takes these statements is shown by tests/e2e/test_sql_api_limits.py.
namespace drift::sql_api {
namespace {

constexpr std::uint32_t kInt4 = 23, kText = 25, kBytea = 17, kJsonb = 3802, kMood = 100'000;

TEST(RowGuard, RowsWhoseValuesAreShortAreNotMeasured) {
  EXPECT_FALSE(guarded("SELECT 1", {{"a", kInt4}, {"b", kInt4}}, 6000));
  EXPECT_FALSE(guarded("SELECT", {}, 6000));
}

TEST(RowGuard, WhatCanBeLargeIsMeasuredOnce) {
  const auto guard = guarded("SELECT 1, $1 ; -- end", {{"a", kInt4}, {"a\"b", kText}}, 6000);
  ASSERT_TRUE(guard);
  EXPECT_EQ(
      guard->text,
      "SELECT schema_drift.c0 AS \"a\", schema_drift.c1 AS \"a\"\"b\" "
      "FROM (SELECT * FROM (SELECT 1, $1\n) AS statement OFFSET 0) AS schema_drift(c0, c1) "
      "WHERE CASE WHEN coalesce(pg_catalog.octet_length(schema_drift.c1), 0)::pg_catalog.int8 "
      "OPERATOR(pg_catalog.>) 6000::pg_catalog.int8 THEN pg_catalog.concat('schema-drift: the "
      "row is too large', schema_drift.c0 IS NULL)::pg_catalog.int4 OPERATOR(pg_catalog.=) 0 "
      "ELSE true END");
  EXPECT_EQ(guard->text.substr(guard->prefix, 8), "SELECT 1");
}

TEST(RowGuard, OtherTypesAreMeasuredAsText) {
  const auto guard = guarded("SELECT", {{"a", kBytea}, {"b", kJsonb}, {"c", kMood}}, 6000);
  ASSERT_TRUE(guard);
  for (const char* part :
       {"octet_length(schema_drift.c0)", "octet_length(schema_drift.c1::pg_catalog.text)",
        "octet_length(schema_drift.c2::pg_catalog.text)"}) {
    EXPECT_NE(guard->text.find(part), std::string::npos) << part;
  }
}

TEST(RowGuard, PrefixIsCountedInCharacters) {
  const auto guard = guarded("SELECT 'x'", {{"\u00e9", kText}}, 6000);
  ASSERT_TRUE(guard);
  EXPECT_EQ(guard->text.substr(guard->prefix + 1, 6), "SELECT");  // one byte more than characters
}

TEST(RowGuard, KnowsItsOwnErrorInAnyLanguage) {
  sql::ServerError error;
  error.sqlstate = "22P02";
  error.message = "ung\u00fcltig: \u00bbschema-drift: the row is too largef\u00ab";
  EXPECT_TRUE(is_of_row_guard(error));
  error.message = "invalid input syntax for type integer: \"x\"";
  EXPECT_FALSE(is_of_row_guard(error));
}

}  // namespace
}  // namespace drift::sql_api
