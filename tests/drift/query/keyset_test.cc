#include "drift/query/keyset.h"

#include <gtest/gtest.h>

namespace drift::query {
namespace {

std::string table_of(std::string_view statement) {
  const auto name = whole_table(statement);
  return name ? name->schema + "." + name->table : "";
}

TEST(Keyset, KnowsTheStatementsWhoseRowsAreThoseOfATable) {
  EXPECT_EQ(table_of("SELECT * FROM t"), ".t");
  EXPECT_EQ(table_of("table \"T\".\"a b\" ; -- x"), "T.a b");
  EXPECT_EQ(table_of("select * from s.t where (a = 'order by') and b > 1;"), "s.t");
}

TEST(Keyset, KnowsNoOther) {
  for (const char* other : {"",
                            "SELECT",
                            "SELECT * FROM",
                            "SELECT a FROM t",
                            "SELECT * FROM t, u",
                            "SELECT * FROM t x",
                            "SELECT * FROM t ORDER BY a",
                            "SELECT * FROM t LIMIT 5",
                            "SELECT * FROM f(1)",
                            "SELECT * FROM ONLY t",
                            "SELECT * FROM a.b.c",
                            "SELECT * FROM t WHERE a = $1",
                            "SELECT * FROM t WHERE true UNION SELECT 1",
                            "SELECT * FROM t WHERE a IN (SELECT 1)",
                            "SELECT * FROM t WHERE true FOR UPDATE",
                            "TABLE t LIMIT 1",
                            "TABLE t WHERE a",
                            "SELECT * FROM t WHERE a GROUP BY b",
                            "SELECT * FROM t WHERE 'x",
                            "SELECT * FROM t; SELECT 1",
                            "SELECT * FROM (SELECT 1)",
                            "SELECT * FROM t TABLESAMPLE system (1)"}) {
    EXPECT_EQ(table_of(other), "") << other;
  }
}

TEST(Keyset, PagesGoOnBehindTheKey) {
  const Keyset keyset{"SELECT * FROM t", {"a", "B"}};
  EXPECT_EQ(page_statement(keyset, true),
            "SELECT * FROM (SELECT * FROM t\n) AS page ORDER BY page.\"a\", page.\"B\"");
  EXPECT_EQ(page_statement(keyset, false),
            "SELECT * FROM (SELECT * FROM t\n) AS page WHERE (page.\"a\", page.\"B\") > ($1, $2) "
            "ORDER BY page.\"a\", page.\"B\"");
}

TEST(Keyset, OnlyPlainValuesAreSentBack) {
  using sql::JsonValue;
  const auto key = [](const std::string& type, JsonValue value) {
    sql::ApiAnswer answer;
    answer.columns = {"x", "a"};
    if (!type.empty()) answer.types = {"int4", type};
    answer.rows.push_back({{}, std::move(value)});
    const auto values = last_key({"TABLE t", {"a"}}, answer);
    return values ? values->at(0) : std::string("none");
  };
  EXPECT_EQ(key("int4", {JsonValue::Kind::kNumber, "5", {}, {}}), "5");
  EXPECT_EQ(key("text", {JsonValue::Kind::kString, "", {}, {}}), "");
  EXPECT_EQ(key("", {JsonValue::Kind::kNumber, "5", {}, {}}), "none");
  EXPECT_EQ(key("int4[]", {JsonValue::Kind::kString, "5", {}, {}}), "none");
  EXPECT_EQ(key("jsonb", {JsonValue::Kind::kString, "5", {}, {}}), "none");
  EXPECT_EQ(key("text", {}), "none");
}

}  // namespace
}  // namespace drift::query
