#include "drift/sql_api/called_functions.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/thrown_by.h"

namespace drift::sql_api {
namespace {

// "name", "schema.name", and "(name)" for a field that may be one.
std::string called_in(std::string_view sql) {
  std::string all;
  for (const CalledFunction& one : called_functions(sql_tokens(sql))) {
    if (!all.empty()) all += ' ';
    all += one.as_field         ? "(" + one.name + ")"
           : one.schema.empty() ? one.name
                                : one.schema + "." + one.name;
  }
  return all;
}

TEST(CalledFunctions, AreNamesBeforeBrackets) {
  EXPECT_EQ(called_in("SELECT f(g ( 1 )), \"H i\"(2), F(3)"), "H i f g");
  EXPECT_EQ(called_in("SELECT a . f /* x */ -- y\n ()"), "a.f");
  EXPECT_EQ(called_in("SELECT db.a.\"f\"()"), "(a) a.f");
  EXPECT_EQ(called_in("SELECT 1 WHERE 2 IN (3) AND (4) = ANY (ARRAY[5]) OR \"in\"(6)"), "in");
  EXPECT_EQ(called_in("SELECT 'f(1)', $$g(2)$$, f AS g FROM t"), "");
}

TEST(CalledFunctions, EscapedNamesAreTheNamesThatTheySpell) {
  EXPECT_EQ(called_in("SELECT U&\"\\0066\"()"), "f");
  EXPECT_EQ(called_in("SELECT U&\"!0066\" UESCAPE '!' ()"), "f");
  EXPECT_EQ(called_in("SELECT U&\"!0061\" UESCAPE '!' . U&\"?0066\" UESCAPE '?' (1)"), "a.f");
}

TEST(CalledFunctions, FieldsMayBeFunctionsOfTheirRow) {
  EXPECT_EQ(called_in("SELECT t.f, (t).g, t.* FROM a.t"), "(f) (g) (t)");
}

TEST(CalledFunctions, NamesOfSubqueriesAliasesAndTypesAreNone) {
  EXPECT_EQ(called_in("WITH f(n) AS (SELECT 1) SELECT n FROM f AS g(n)"), "");
  EXPECT_EQ(called_in("WITH RECURSIVE f(n) AS MATERIALIZED (SELECT 1) TABLE f"), "");
  EXPECT_EQ(called_in("SELECT CAST(1 AS numeric(1, 2))"), "cast");
}

TEST(CalledFunctions, NoCallNeedsNoGuard) { EXPECT_FALSE(function_guard({}, {"f"}).has_value()); }

TEST(CalledFunctions, GuardTakesNamesAsValues) {
  const auto guard = function_guard(called_functions(sql_tokens("SELECT x.\"a\"\"\\,b\"()")), {});
  ASSERT_TRUE(guard.has_value());
  EXPECT_EQ(guard->parameters[0], "{\"x\"}");
  EXPECT_EQ(guard->parameters[1], "{\"a\\\"\\\\,b\"}");
  EXPECT_EQ(guard->parameters[2], "{\"f\"}");
  EXPECT_EQ(guard->parameters[3], "{}");
  EXPECT_EQ(guard->text.find("a\"\\"), std::string::npos);
}

TEST(CalledFunctions, WhatWasFoundHarmlessIsNotAskedAgain) {
  const auto called = called_functions(sql_tokens("SELECT f(1), a.f(2), t.f"));
  HarmlessFunctions harmless;
  EXPECT_EQ(harmless.unknown_of(called), called);
  harmless.remember({called[0]});
  EXPECT_EQ(harmless.unknown_of(called), std::vector(called.begin() + 1, called.end()));
  harmless.remember(called);
  EXPECT_TRUE(harmless.unknown_of(called).empty());
  harmless.clear();
  EXPECT_EQ(harmless.unknown_of(called), called);
}

TEST(CalledFunctions, RefusalSaysWhy) {
  const auto refused = [](const std::string& message) {
    return refused_function({"22P02", message, "", "", 0, ""});
  };
  const auto told = refused("invalid input: \"schema-drift: refused: volatile other.f \"\"x\"\"\"");
  ASSERT_TRUE(told.has_value());
  expect_error(
      *told, Fault::kUnsupported,
      "a query may not call other.f \"\"x\"\": it is volatile, and so may do more than read",
      "--allow-function other.f \"\"x\"\" lets queries call it");
  EXPECT_STREQ(refused("\"schema-drift: refused: native f\"")->what(),
               "a query may not call f: it is native code that belongs to no extension");
  EXPECT_STREQ(refused("\"schema-drift: refused: language f\"")->what(),
               "a query may not call f: it is in a language whose functions may act beside the "
               "transaction");
  EXPECT_STREQ(refused("\"schema-drift: refused: undeclared f\"")->what(),
               "a query may not call f: it runs SQL that comes as text, or takes a transaction id");
  EXPECT_FALSE(refused("invalid input syntax for type integer: \"x\"").has_value());
  EXPECT_FALSE(refused_function({"22012", "schema-drift: refused: volatile f", "", "", 0, ""}));
}

TEST(CalledFunctions, ChangesMayCallWhatARollbackTakesBack) {
  const auto check = [](std::string_view sql, const std::vector<std::string>& allowed = {}) {
    require_within_transaction(called_functions(sql_tokens(sql)), allowed);
  };
  check("INSERT INTO t SELECT nextval('s'), my_function(1), t.dblink FROM t");
  for (const std::string name :
       {"pg_terminate_backend", "setseed", "pg_read_file_old", "heap_force_kill", "query_to_xml",
        "pg_advisory_lock", "pg_stat_reset_shared", "pg_create_logical_replication_slot",
        "pg_ls_dir", "dblink_exec", "crosstab2", "binary_upgrade_set_next_pg_type_oid",
        "table_import_from_s3", "pg_truncate_visibility_map", "pg_file_write"}) {
    const std::string sql = "INSERT INTO t SELECT x.\"" + name + "\"()";
    expect_error(thrown_by([&] { check(sql); }), Fault::kUnsupported,
                 name + " may not be called here",
                 "it acts outside of the transaction that a request runs in, or runs SQL that "
                 "comes as text; --allow-function " +
                     name + " allows it");
    check(sql, {name});
    check(sql, {"x." + name});
    EXPECT_THROW(check(sql, {"y." + name}), Error);
  }
}

}  // namespace
}  // namespace drift::sql_api
