#include "drift/query/row_page.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace drift::query {
namespace {

std::string plain(const RowPage& page, std::size_t row, std::size_t column) {
  if (page.is_null(row, column)) return "null";
  std::string text;
  page.append_plain(text, row, column);
  return text;
}

std::string json(const RowPage& page, std::size_t row, std::size_t column) {
  std::string text;
  page.append_json(text, row, column);
  return text;
}

// 16 is bool, 23 int4, 25 text, 1007 int4[], 17 bytea, 1184 timestamptz, 114 json.
CellPage page_of(const std::vector<std::uint32_t>& types) {
  std::vector<sql::Column> columns;
  std::vector<sql_api::ValueType> known;
  for (const std::uint32_t type : types) {
    columns.push_back({"c" + std::to_string(type), type});
    known.push_back(*sql_api::builtin_type(type));
  }
  CellPage page;
  page.begin(columns, known);
  return page;
}

TEST(CellPage, ShowsValuesAsAnswersHaveThem) {
  CellPage page = page_of({16, 23, 25, 1007, 17, 1184, 114});
  page.add({"t", "5", "a\"b", "{1,NULL}", "\\x00ff", "2026-01-02 03:04:05.5+00", "{\"a\":\n1}"});
  const char* const shown[] = {
      "t", "5", "a\"b", "[1,null]", "AP8=", "2026-01-02T03:04:05.500000+00:00", "{\"a\": 1}"};
  const char* const written[] = {"true",      "5",        "\"a\\\"b\"",
                                 "[1,null]",  "\"AP8=\"", "\"2026-01-02T03:04:05.500000+00:00\"",
                                 "{\"a\": 1}"};
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(plain(page, 0, i), shown[i]);
    EXPECT_EQ(json(page, 0, i), written[i]);
  }
  EXPECT_EQ(page.columns().front(), "c16");
  EXPECT_FALSE(page.is_number(0));
  EXPECT_TRUE(page.is_number(1));
}

TEST(CellPage, TellsNullFromAnEmptyStringAndKeepsRowsApart) {
  CellPage page = page_of({25, 25});
  page.add({"", std::nullopt});
  page.add({std::nullopt, "x"});
  EXPECT_EQ(page.rows(), 2u);
  EXPECT_EQ(plain(page, 0, 0) + "|" + plain(page, 0, 1), "|null");
  EXPECT_EQ(json(page, 1, 0) + "|" + json(page, 1, 1), "null|\"x\"");
  const std::size_t bytes = page.bytes();
  page.clear();
  EXPECT_LT(page.bytes(), bytes);
  page.add({"y", ""});
  EXPECT_EQ(plain(page, 0, 0), "y");
}

TEST(AnswerPage, KnowsNumbersByTheirTypesAndElseByThemselves) {
  sql::ApiAnswer answer;
  answer.columns = {"a", "b"};
  using Kind = sql::JsonValue::Kind;
  answer.rows.push_back({{Kind::kNumber, "1", {}, {}}, {Kind::kString, "2", {}, {}}});
  answer.rows.push_back({{Kind::kNull, "", {}, {}}, {Kind::kBool, "true", {}, {}}});
  const AnswerPage page(answer);
  EXPECT_TRUE(page.is_number(0));
  EXPECT_FALSE(page.is_number(1));
  EXPECT_EQ(plain(page, 1, 0) + plain(page, 1, 1), "nullt");
  EXPECT_EQ(json(page, 0, 1), "\"2\"");
  answer.types = {"text", "int4"};
  EXPECT_FALSE(page.is_number(0));
  EXPECT_TRUE(page.is_number(1));
}

}  // namespace
}  // namespace drift::query
