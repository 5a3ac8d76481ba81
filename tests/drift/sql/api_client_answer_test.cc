#include "drift/sql/api_client_answer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/sql/json_text.h"
#include "tests/thrown_by.h"

namespace drift::sql {
namespace {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;
using Columns = std::vector<std::string>;

constexpr const char* kHint =
    "a query is answered by {\"columns\", \"rows\", \"row_count\"}, bare or as the body of "
    "{\"statusCode\", \"body\"}";

ResultSet rows_of(const std::string& payload) {
  auto answer = sql_api_answer(payload);
  if (const auto* failure = std::get_if<SqlFailure>(&answer)) {
    ADD_FAILURE() << failure->message;
    return {};
  }
  return std::get<ResultSet>(std::move(answer));
}

SqlFailure failure_of(const std::string& payload) {
  auto answer = sql_api_answer(payload);
  const auto* failure = std::get_if<SqlFailure>(&answer);
  if (failure != nullptr) return *failure;
  ADD_FAILURE() << "rows were read";
  return {};
}

std::string refusal_of(const std::string& payload) {
  const Error error = thrown_by([&] { sql_api_answer(payload); });
  EXPECT_EQ(error.fault, Fault::kSqlApiFailed);
  EXPECT_FALSE(error.hint.empty());
  return error.what();
}

// The three envelopes that are deployed, around one answer.
std::vector<std::string> enveloped(const std::string& answer, int status = 200) {
  return {answer, fmt::format(R"({{"statusCode": {}, "body": {}}})", status, answer),
          fmt::format(R"({{"statusCode": {}, "body": {}}})", status, nlohmann::json(answer).dump()),
          fmt::format(R"({{"statusCode": {}, "headers": {{"a": "b"}}, "isBase64Encoded": false, )"
                      R"("body": {}}})",
                      status, nlohmann::json(answer).dump())};
}

TEST(SqlApiAnswer, RowsAsListsAreReadInEveryEnvelope) {
  for (const std::string& payload :
       enveloped(R"({"columns": ["version_num", "n"], "rows": [["20251230_1900", 1], [null, 2]],)"
                 R"( "row_count": 2})")) {
    const ResultSet result = rows_of(payload);
    EXPECT_EQ(result.columns, (Columns{"version_num", "n"})) << payload;
    EXPECT_EQ(result.rows, (Rows{{"20251230_1900", "1"}, {std::nullopt, "2"}})) << payload;
  }
}

TEST(SqlApiAnswer, RowsAsObjectsAreReadInEveryEnvelope) {
  for (const std::string& payload :
       enveloped(R"({"columns": ["b", "a"], "rows": [{"a": 1, "b": 2}, {"b": "x", "a": null}]})")) {
    EXPECT_EQ(rows_of(payload).columns, (Columns{"b", "a"})) << payload;
    EXPECT_EQ(rows_of(payload).rows, (Rows{{"2", "1"}, {"x", std::nullopt}})) << payload;
  }
}

TEST(SqlApiAnswer, RowsAsObjectsTakeTheirOrderFromTheFirstWhereColumnsAreNotNamed) {
  const ResultSet result = rows_of(R"({"rows": [{"z": 1, "a": 2}, {"a": 3, "z": 4}]})");
  EXPECT_EQ(result.columns, (Columns{"z", "a"}));
  EXPECT_EQ(result.rows, (Rows{{"1", "2"}, {"4", "3"}}));
}

TEST(SqlApiAnswer, RowsAsListsMayComeWithoutNames) {
  const ResultSet result = rows_of(R"({"rows": [["a"], ["b"]], "columns": null})");
  EXPECT_TRUE(result.columns.empty());
  EXPECT_EQ(result.rows, (Rows{{"a"}, {"b"}}));
}

TEST(SqlApiAnswer, StatusMayStandBesideTheRows) {
  EXPECT_EQ(rows_of(R"({"statusCode": 200, "rows": [["a"]]})").rows, (Rows{{"a"}}));
  EXPECT_EQ(failure_of(R"({"statusCode": 500, "rows": []})").message, "status 500");
}

TEST(SqlApiAnswer, ValuesBecomeTextAsTheyWereWritten) {
  EXPECT_EQ(
      rows_of(R"({"rows": [[20251230, 1.10, 123456789012345678901, true, false, "", "é"]]})").rows,
      (Rows{{"20251230", "1.10", "123456789012345678901", "t", "f", "", "é"}}));
}

TEST(SqlApiAnswer, EmptyRowsAreAnEmptyTable) {
  for (const std::string& payload :
       enveloped(R"({"columns": ["version_num"], "rows": [], "row_count": 0})")) {
    EXPECT_TRUE(rows_of(payload).rows.empty());
    EXPECT_EQ(rows_of(payload).columns, Columns{"version_num"});
  }
}

TEST(SqlApiAnswer, BodyWithoutRowsIsAnErrorNotAnEmptyTable) {
  expect_error(thrown_by([] { sql_api_answer(R"({"statusCode": 200, "body": {}})"); }),
               Fault::kSqlApiFailed, "the SQL API answered an empty object where rows should be",
               kHint);
  EXPECT_EQ(refusal_of(R"({"columns": ["a"], "row_count": 0})"),
            "the SQL API answered an object with the keys columns, row_count where rows should be");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": "{\"affected_rows\": 0}"})"),
            "the SQL API answered an object with the key affected_rows where rows should be");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200})"),
            "the SQL API answered an object with the key statusCode where rows should be");
  EXPECT_EQ(refusal_of(R"({"rows": null})"), "the SQL API answered rows that are null, not a list");
  EXPECT_EQ(refusal_of(R"({"rows": {"version_num": "canary"}})"),
            "the SQL API answered rows that are an object with the key version_num, not a list");
}

TEST(SqlApiAnswer, WhatIsNoObjectIsRefused) {
  EXPECT_EQ(refusal_of(""), "the SQL API answered nothing");
  EXPECT_EQ(refusal_of("null"), "the SQL API answered a text that is null, not an object");
  EXPECT_EQ(refusal_of("[]"), "the SQL API answered a text that is a list of 0, not an object");
  EXPECT_EQ(refusal_of(R"("{\"rows\": []}")"),
            "the SQL API answered a text that is a string of 12 bytes, not an object");
  EXPECT_EQ(refusal_of("Simple Lambda happy path OK"),
            "the SQL API answered a text that is not JSON (at byte 1)");
  EXPECT_EQ(refusal_of(R"({"rows": [], "rows": [["a"]]})"),
            "the SQL API answered a text that holds the key \"rows\" twice");
}

TEST(SqlApiAnswer, BodyThatIsNoObjectIsRefused) {
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": null})"),
            "the SQL API answered a body that is null, not an object");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": [["a"]]})"),
            "the SQL API answered a body that is a list of 1, not an object");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": "[]"})"),
            "the SQL API answered a body that is a list of 0, not an object");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": "canary"})"),
            "the SQL API answered a body that is not JSON (at byte 1)");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": "eyJ9", "isBase64Encoded": true})"),
            "the SQL API answered a body in Base64, which is for binary data");
  EXPECT_EQ(refusal_of(R"({"body": {"rows": []}, "rows": [["a"]]})"),
            "the SQL API answered both rows and a body, so that it is not clear which counts");
  EXPECT_EQ(refusal_of(R"({"statusCode": 200, "body": {"statusCode": 200, "body": {}}})"),
            "the SQL API answered an object with the keys statusCode, body where rows should be");
}

TEST(SqlApiAnswer, StatusThatIsNoneIsRefused) {
  EXPECT_EQ(refusal_of(R"({"statusCode": "200", "body": {"rows": []}})"),
            "the SQL API answered a statusCode that is a string of 3 bytes, not one from 100 to "
            "599");
  EXPECT_EQ(refusal_of(R"({"statusCode": 0, "body": {"rows": []}})"),
            "the SQL API answered a statusCode that is a number, not one from 100 to 599");
  EXPECT_EQ(refusal_of(R"({"statusCode": 302, "body": {"rows": []}})"),
            "the SQL API answered with status 302, which is neither success nor an error");
}

TEST(SqlApiAnswer, RowsOfUnequalLengthAreRefused) {
  EXPECT_EQ(refusal_of(R"({"rows": [["a"], ["b", "c"]]})"),
            "the SQL API answered 2 values in row 2 where there should be 1");
  EXPECT_EQ(refusal_of(R"({"columns": ["a", "b"], "rows": [["x"]]})"),
            "the SQL API answered 1 value in row 1 where there should be 2");
  EXPECT_EQ(refusal_of(R"({"columns": [], "rows": [["x"]]})"),
            "the SQL API answered 1 value in row 1 where there should be 0");
  EXPECT_EQ(refusal_of(R"({"rows": [{"a": 1}, {"a": 1, "b": 2}]})"),
            "the SQL API answered 2 values in row 2 where there should be 1");
}

TEST(SqlApiAnswer, ColumnThatARowLacksIsRefused) {
  EXPECT_EQ(refusal_of(R"({"rows": [{"a": 1}, {"b": 2}]})"),
            "the SQL API answered row 2 without a value for a");
  EXPECT_EQ(refusal_of(R"({"columns": ["Version"], "rows": [{"version": 2}]})"),
            "the SQL API answered row 1 without a value for \"Version\"");
}

TEST(SqlApiAnswer, RowsOfSeveralShapesAreRefused) {
  EXPECT_EQ(refusal_of(R"({"rows": [["a"], {"a": 1}]})"),
            "the SQL API answered row 1 as a list and row 2 as an object");
  EXPECT_EQ(refusal_of(R"({"rows": [["a"], "canary"]})"),
            "the SQL API answered row 1 as a list and row 2 as a string of 6 bytes");
  EXPECT_EQ(refusal_of(R"({"rows": ["canary"]})"),
            "the SQL API answered row 1 as a string of 6 bytes, not as a list or an object");
}

TEST(SqlApiAnswer, ValueThatIsNoScalarIsRefused) {
  EXPECT_EQ(refusal_of(R"({"columns": ["a", "b"], "rows": [[1, ["canary"]]]})"),
            "the SQL API answered a list of 1 as the value of b");
  EXPECT_EQ(refusal_of(R"({"rows": [[{"canary": 1}]]})"),
            "the SQL API answered an object with the key canary as the value of column 1");
}

TEST(SqlApiAnswer, ColumnsThatAreNoNamesAreRefused) {
  EXPECT_EQ(refusal_of(R"({"columns": "a", "rows": []})"),
            "the SQL API answered columns that are a string of 1 bytes, not a list");
  EXPECT_EQ(refusal_of(R"({"columns": [{"name": "a"}], "rows": []})"),
            "the SQL API answered an object with the key name among the names of the columns");
  EXPECT_EQ(refusal_of(R"({"columns": ["a", "a"], "rows": [{"a": 1}]})"),
            "the SQL API answered rows as objects though two columns are named a");
  EXPECT_EQ(rows_of(R"({"columns": ["a", "a"], "rows": [[1, 2]]})").rows, (Rows{{"1", "2"}}));
}

TEST(SqlApiAnswer, CountThatContradictsTheRowsIsRefused) {
  expect_error(thrown_by([] { sql_api_answer(R"({"rows": [["a"]], "row_count": 2})"); }),
               Fault::kSqlApiFailed, "the SQL API answered 1 row and says that there are 2",
               "the rows were cut off, or the function counts something else: see its code");
  EXPECT_EQ(refusal_of(R"({"rows": [], "rowCount": 3})"),
            "the SQL API answered 0 rows and says that there are 3");
  EXPECT_EQ(refusal_of(R"({"rows": [], "row_count": "0"})"),
            "the SQL API answered a row_count that is a string of 1 bytes, not a number");
  EXPECT_EQ(refusal_of(R"({"rows": [["a"]], "row_count": 1.0})"),
            "the SQL API answered 1 row and says that there are 1.0");
  EXPECT_EQ(rows_of(R"({"rows": [["a"]], "row_count": null})").rows.size(), 1U);
  EXPECT_EQ(rows_of(R"({"rows": [["a"]], "row_count": -1})").rows.size(), 1U);
}

TEST(SqlApiAnswer, RowsThatWereCutOffAreRefused) {
  expect_error(thrown_by([] { sql_api_answer(R"({"rows": [["a"]], "truncated": true})"); }),
               Fault::kSqlApiFailed,
               "the SQL API answered only a part of the rows (truncated is true)",
               "raise the number of rows that the function returns");
  EXPECT_EQ(refusal_of(R"({"rows": [], "nextToken": "canary"})"),
            "the SQL API answered only a part of the rows (nextToken is a string of 6 bytes)");
  EXPECT_EQ(refusal_of(R"({"rows": [], "has_more": 1})"),
            "the SQL API answered only a part of the rows (has_more is a number)");
  EXPECT_EQ(rows_of(R"({"rows": [], "truncated": false, "next_token": null, "nextToken": ""})")
                .rows.size(),
            0U);
}

TEST(SqlApiAnswer, ErrorIsReadInEveryEnvelope) {
  for (const std::string& payload :
       enveloped(R"({"error": "relation \"alembic_version\" does not exist"})")) {
    EXPECT_EQ(failure_of(payload).sqlstate, "") << payload;
    EXPECT_EQ(failure_of(payload).message, "relation \"alembic_version\" does not exist")
        << payload;
  }
  for (const std::string& payload :
       enveloped(R"({"error": {"type": "UndefinedTable", "message": "no such table"}})", 400)) {
    EXPECT_EQ(failure_of(payload).sqlstate, "42P01") << payload;
  }
}

TEST(SqlApiAnswer, StatusOf400AndAboveIsAnErrorWhateverTheBodyHolds) {
  EXPECT_EQ(failure_of(R"({"statusCode": 500, "body": {"rows": [["a"]]}})").message, "status 500");
  EXPECT_EQ(failure_of(R"({"statusCode": 500, "body": null})").message, "status 500");
  EXPECT_EQ(failure_of(R"({"statusCode": 502, "body": "Bad gateway\n<html>"})").message,
            "status 502: Bad gateway");
  EXPECT_EQ(failure_of(R"({"statusCode": 403, "body": "{\"message\": \"Forbidden\"}"})").message,
            "status 403: Forbidden");
  EXPECT_EQ(failure_of(R"({"statusCode": 200, "body": {"statusCode": 500, "rows": []}})").message,
            "status 500");
}

TEST(SqlApiAnswer, ErrorOutweighsRows) {
  EXPECT_EQ(failure_of(R"({"rows": [], "error": "timeout"})").message, "timeout");
  EXPECT_EQ(failure_of(R"({"success": false, "rows": []})").message, "no reason given");
  EXPECT_EQ(rows_of(R"({"success": true, "error": null, "rows": [["a"]]})").rows.size(), 1U);
}

TEST(SqlApiAnswer, LargeAnswerIsRead) {
  // Just under Lambda's 6 MB.
  std::string rows;
  for (int i = 0; i < 100'000; ++i)
    rows += fmt::format(R"({}{{"version_num": "{:032}"}})", i == 0 ? "" : ",", i);
  const ResultSet result = rows_of(R"({"statusCode": 200, "body": {"rows": [)" + rows + "]}}");
  ASSERT_EQ(result.rows.size(), 100'000U);
  EXPECT_EQ(result.rows.back().front(), "00000000000000000000000000099999");
}

TEST(SqlApiAnswer, MoreColumnsThanPostgresqlHasAreRefused) {
  std::string members;
  for (int i = 0; i < 1'665; ++i) members += fmt::format(R"({}"c{}": 0)", i == 0 ? "" : ",", i);
  EXPECT_EQ(refusal_of(R"({"rows": [{)" + members + "}]}"),
            "the SQL API answered 1665 columns, and PostgreSQL has at most 1664");
}

TEST(SqlApiAnswer, OneRowOfExecuteQueryOneIsARow) {
  const auto one = sql_api_answer(R"({"columns": ["a"], "row": {"a": 1}, "row_count": 1})");
  ASSERT_TRUE(std::holds_alternative<ResultSet>(one));
  ASSERT_EQ(std::get<ResultSet>(one).rows.size(), 1U);
  EXPECT_EQ(std::get<ResultSet>(one).rows[0][0], "1");
  const auto none = sql_api_answer(R"({"columns": ["a"], "row": null, "row_count": 0})");
  ASSERT_TRUE(std::holds_alternative<ResultSet>(none));
  EXPECT_TRUE(std::get<ResultSet>(none).rows.empty());
}

TEST(SqlApiAnswer, BothRowsAndARowAreRefused) {
  const Error error = thrown_by([] { sql_api_answer(R"({"rows": [], "row": null})"); });
  EXPECT_STREQ(error.what(),
               "the SQL API answered both rows and a row, so that it is not clear which counts");
}

TEST(SqlApiAnswer, OurOwnWordForAServersErrorIsNotRepeated) {
  const auto answer = sql_api_answer(
      R"({"error": {"type": "sql_failed", "sqlstate": "42P01", "message": "no such relation"}})");
  ASSERT_TRUE(std::holds_alternative<SqlFailure>(answer));
  EXPECT_EQ(std::get<SqlFailure>(answer).message, "no such relation");
  EXPECT_EQ(std::get<SqlFailure>(answer).sqlstate, "42P01");
}

// What `schema-drift query` takes as well.

ApiAnswer answer_of(const std::string& payload) {
  auto read = read_api_answer(payload);
  if (const auto* refusal = std::get_if<ApiRefusal>(&read)) ADD_FAILURE() << refusal->message;
  return std::holds_alternative<ApiAnswer>(read) ? std::get<ApiAnswer>(read) : ApiAnswer{};
}

ApiRefusal refusal_in(const std::string& payload) {
  auto read = read_api_answer(payload);
  if (std::holds_alternative<ApiAnswer>(read)) ADD_FAILURE() << "was no error: " << payload;
  return std::holds_alternative<ApiRefusal>(read) ? std::get<ApiRefusal>(read) : ApiRefusal{};
}

std::string cells(const ApiAnswer& answer) {
  std::string text;
  for (const auto& row : answer.rows) {
    for (const auto& value : row) text += json_text(value) + "|";
    text += "\n";
  }
  return text;
}

TEST(QueryAnswer, KeepsDigitsListsAndObjects) {
  const ApiAnswer answer = answer_of(
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
  const ApiAnswer returning =
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
  const ApiRefusal refusal = refusal_in(
      R"({"error":{"type":"sql_failed","sqlstate":"42703","message":"no\nsuch","detail":"d",
          "hint":"h","position":8}})");
  EXPECT_EQ(refusal.message, "no\nsuch");
  EXPECT_EQ(refusal.type, "sql_failed");
  EXPECT_EQ(refusal.sqlstate, "42703");
  EXPECT_EQ(refusal.detail, "d");
  EXPECT_EQ(refusal.hint, "h");
  EXPECT_EQ(refusal.position, 8u);
}

}  // namespace
}  // namespace drift::sql
