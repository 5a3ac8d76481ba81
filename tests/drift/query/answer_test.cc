#include "drift/query/answer.h"

#include <gtest/gtest.h>

#include "drift/query/cell_text.h"
#include "drift/query/request.h"
#include "tests/thrown_by.h"

namespace drift::query {
namespace {

Answer answer_of(const std::string& payload) {
  auto read = read_answer(payload);
  if (const auto* refusal = std::get_if<Refusal>(&read)) ADD_FAILURE() << refusal->message;
  return std::holds_alternative<Answer>(read) ? std::get<Answer>(read) : Answer{};
}

Refusal refusal_of(const std::string& payload) {
  auto read = read_answer(payload);
  if (std::holds_alternative<Answer>(read)) ADD_FAILURE() << "was no error: " << payload;
  return std::holds_alternative<Refusal>(read) ? std::get<Refusal>(read) : Refusal{};
}

std::string cells(const Answer& answer) {
  std::string text;
  for (const Row& row : answer.rows) {
    for (const auto& value : row) text += cell_text(value) + "|";
    text += "\n";
  }
  return text;
}

TEST(QueryAnswer, KeepsDigitsListsAndObjects) {
  const Answer answer = answer_of(
      R"({"columns":["a","b","c"],"types":["numeric","int4[]","json"],
          "rows":[[1.50000000000000000001,[1,null],{"k":[true,"x"]}]],"row_count":1})");
  EXPECT_EQ(answer.types, (std::vector<std::string>{"numeric", "int4[]", "json"}));
  EXPECT_EQ(cells(answer), "1.50000000000000000001|[1,null]|{\"k\":[true,\"x\"]}|\n");
}

TEST(QueryAnswer, TakesTheOrderOfTheColumnsNotOfTheObject) {
  EXPECT_EQ(cells(answer_of(R"({"columns":["a","b"],"rows":[{"b":2,"a":1}]})")), "1|2|\n");
  EXPECT_EQ(cells(answer_of(R"({"rows":[{"b":2,"a":1},{"a":3,"b":4}]})")), "2|1|\n4|3|\n");
}

TEST(QueryAnswer, RowsWithoutNamesAreNumbered) {
  EXPECT_EQ(answer_of(R"({"rows":[[1,2]]})").columns,
            (std::vector<std::string>{"column1", "column2"}));
}

TEST(QueryAnswer, TypesThatDoNotFitTheColumnsAreLeftOut) {
  EXPECT_TRUE(answer_of(R"({"columns":["a"],"types":["int4","text"],"rows":[]})").types.empty());
}

TEST(QueryAnswer, OfAMutationIsANumberAndPerhapsRows) {
  EXPECT_EQ(answer_of(R"({"affected_rows":3})").affected_rows, "3");
  EXPECT_EQ(answer_of(R"({"success":true,"affectedRows":0})").affected_rows, "0");
  const Answer returning =
      answer_of(R"({"columns":["id"],"rows":[[7]],"row_count":1,"affected_rows":1})");
  EXPECT_EQ(returning.affected_rows, "1");
  EXPECT_EQ(cells(returning), "7|\n");
}

TEST(QueryAnswer, ThatIsNotAllSaysSo) {
  EXPECT_EQ(answer_of(R"({"rows":[[1]],"next_cursor":"x"})").next_cursor, "x");
  EXPECT_EQ(answer_of(R"({"rows":[[1]],"next_cursor":null})").next_cursor, "");
  EXPECT_EQ(answer_of(R"({"rows":[[1]],"has_more":true})").cut_off, "has_more");
  EXPECT_EQ(answer_of(R"({"rows":[[1]],"has_more":true,"next_cursor":"x"})").cut_off, "");
  EXPECT_EQ(answer_of(R"({"rows":[[1]],"has_more":false,"nextToken":""})").cut_off, "");
}

TEST(QueryAnswer, AnErrorKeepsItsParts) {
  const Refusal refusal = refusal_of(
      R"({"error":{"type":"sql_failed","sqlstate":"42703","message":"no\nsuch","detail":"d",
          "hint":"h","position":8}})");
  EXPECT_EQ(refusal.message, "no\nsuch");
  EXPECT_EQ(refusal.type, "sql_failed");
  EXPECT_EQ(refusal.sqlstate, "42703");
  EXPECT_EQ(refusal.detail, "d");
  EXPECT_EQ(refusal.hint, "h");
  EXPECT_EQ(refusal.position, 8u);
}

TEST(QueryAnswer, ADatabaseThatCannotBeAskedIsToldFromAStatementThatFailed) {
  const auto unreachable = [](const std::string& type, const std::string& sqlstate) {
    return is_unreachable({"", type, sqlstate, "", "", 0});
  };
  for (const char* type :
       {"connection_failed", "database_authentication_failed", "tls_failed", "no_credentials"}) {
    EXPECT_TRUE(unreachable(type, "")) << type;
  }
  for (const char* state : {"08006", "28P01", "57P03"}) EXPECT_TRUE(unreachable("", state));
  for (const char* state : {"08P01", "42P01", "57014", "42501"}) {
    EXPECT_FALSE(unreachable("sql_failed", state)) << state;
  }
  EXPECT_FALSE(unreachable("invalid_request", ""));
  EXPECT_FALSE(unreachable("", ""));
}

TEST(QueryRequest, LeavesOutWhatItDoesNotSay) {
  Request request;
  request.statement = "SELECT $1";
  EXPECT_EQ(request_json(request), R"({"query":"SELECT $1"})");
  request.page_rows = 10;
  request.params = {"a\"b"};
  request.cursor = "c";
  EXPECT_EQ(request_json(request),
            R"({"query":"SELECT $1","params":["a\"b"],"max_rows":10,"cursor":"c"})");
  request.action = Action::kMutate;
  request.actor = "me@host";
  EXPECT_EQ(request_json(request), R"({"sql":"SELECT $1","params":["a\"b"],"actor":"me@host"})");
}

TEST(QueryRequest, TakesTheSchemaOutOfATablesName) {
  Request request;
  request.action = Action::kCount;
  request.table = "orders";
  EXPECT_EQ(request_json(request), R"({"action":"count","table":"orders"})");
  request.table = "shop.orders";
  EXPECT_EQ(request_json(request), R"({"action":"count","table":"orders","schema":"shop"})");
  request.action = Action::kVersion;
  EXPECT_EQ(request_json(request), R"({"action":"version"})");
}

TEST(QueryCell, IsAsWideAsATerminalShowsIt) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("äß"), 2u);
}

}  // namespace
}  // namespace drift::query
