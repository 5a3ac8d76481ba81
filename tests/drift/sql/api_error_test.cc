#include "drift/sql/api_error.h"

#include <gtest/gtest.h>

#include "drift/sql/strict_json.h"

namespace drift::sql {
namespace {

SqlFailure error_of(std::string_view text, int status = 200) {
  const auto failure = api_error(std::get<JsonValue>(read_json(text)), status);
  if (failure) return *failure;
  ADD_FAILURE() << "no error in " << text;
  return {};
}

bool has_error(std::string_view text) {
  return api_error(std::get<JsonValue>(read_json(text)), 200).has_value();
}

TEST(ApiError, SqlstateIsTakenFromTheFieldsThatHoldIt) {
  for (const char* text :
       {R"({"error": {"sqlstate": "42P01"}})", R"({"error": {"code": "42P01"}})",
        R"({"error": {"pgcode": "42P01"}})", R"({"error": "x", "sqlstate": "42P01"})",
        R"({"error": "x", "code": "42P01"})",
        R"({"error": {"type": "psycopg2.errors.UndefinedTable"}})",
        R"({"error": {"type": "UndefinedTableError"}})",
        R"({"error": "UndefinedTable", "message": "x"})"}) {
    EXPECT_EQ(error_of(text).sqlstate, "42P01") << text;
  }
}

TEST(ApiError, WhatOnlyLooksLikeASqlstateIsNone) {
  for (const char* text :
       {R"({"error": {"code": "ERROR"}})", R"({"error": {"code": "42p01"}})",
        R"({"error": {"code": 42501}})", R"({"error": {"code": "E42P01"}})",
        R"x({"error": "permission denied (42501)"})x", R"({"error": {"type": "SyntaxError"}})"}) {
    EXPECT_EQ(error_of(text).sqlstate, "") << text;
  }
}

TEST(ApiError, MessageTellsTypeAndWords) {
  EXPECT_EQ(error_of(R"({"error": {"type": "ValidationError", "message": "no query"}})").message,
            "ValidationError: no query");
  EXPECT_EQ(error_of(R"({"error": "DatabaseError", "message": "connection refused"})").message,
            "DatabaseError: connection refused");
  EXPECT_EQ(error_of(R"({"errorType": "KeyError", "errorMessage": "'query'"})").message,
            "KeyError: 'query'");
  EXPECT_EQ(error_of(R"({"errors": [{"message": "first"}, {"message": "second"}]})").message,
            "first");
  EXPECT_EQ(error_of(R"({"error": "one line\nLINE 1: SELECT"})").message, "one line");
  EXPECT_EQ(error_of(R"({"error": true, "message": "words"})").message, "words");
  EXPECT_EQ(error_of(R"({"message": "not found"})", 404).message, "status 404: not found");
  EXPECT_EQ(error_of("{}", 500).message, "status 500");
  EXPECT_EQ(error_of(R"({"status": "error", "message": "out of connections"})").message,
            "out of connections");
}

TEST(ApiError, WhatSaysThatItFailedIsAnErrorWithoutOneToo) {
  for (const char* text :
       {R"({"success": false, "message": "no luck"})", R"({"ok": false, "message": "no luck"})",
        R"({"status": "error", "message": "no luck"})",
        R"({"status": "ERROR", "message": "no luck"})",
        R"({"status": "failed", "message": "no luck"})",
        R"({"status": "FAILED", "message": "no luck"})",
        R"({"status": "failure", "message": "no luck"})",
        R"({"status": "fail", "message": "no luck"})"}) {
    EXPECT_EQ(error_of(text).message, "no luck") << text;
  }
}

TEST(ApiError, WhatSaysThatNothingFailedIsNoError) {
  EXPECT_FALSE(has_error(R"({"error": null, "errors": [], "errorMessage": "", "ok": true})"));
  EXPECT_FALSE(has_error(R"({"status": "success", "message": "2 rows"})"));
}

TEST(ApiError, PasswordsInTheErrorAreHidden) {
  EXPECT_EQ(error_of(R"({"error": "cannot connect: host=db password=canary dbname=app"})").message,
            "cannot connect: host=db password=*** dbname=app");
}

TEST(ApiError, OnlyItsFirstLineIsToldAndSearched) {
  EXPECT_EQ(error_of(R"({"error": "wrong password:\nfor user drift"})").message, "wrong password:");
  EXPECT_EQ(error_of(R"({"error": "-----BEGIN PRIVATE KEY-----\ncanary\n)"
                     R"(-----END PRIVATE KEY----- is of another"})")
                .message,
            "***");
}

TEST(FunctionFailure, TellsTypeMessageAndSqlstate) {
  const FunctionFailure failure = function_failure(
      R"({"errorMessage": "permission denied for table alembic_version\n", )"
      R"("errorType": "InsufficientPrivilege", "requestId": "1", "stackTrace": ["  File ..."]})",
      "");
  EXPECT_EQ(failure.sqlstate, "42501");
  EXPECT_EQ(failure.message, "InsufficientPrivilege: permission denied for table alembic_version");
  EXPECT_EQ(failure.log_end, "");
  EXPECT_FALSE(failure.timed_out);
}

TEST(FunctionFailure, FunctionThatIsOutOfTimeIsTold) {
  EXPECT_TRUE(
      function_failure(
          R"({"errorMessage": "2026-11-20T03:00:05Z 1 Task timed out after 3.00 seconds"})", "")
          .timed_out);
  EXPECT_TRUE(function_failure(R"({"errorType": "Sandbox.Timedout", "errorMessage": )"
                               R"("RequestId: 1 Error: Task timed out after 3.00 seconds"})",
                               "")
                  .timed_out);
}

TEST(FunctionFailure, PayloadThatTellsNothingIsNoReason) {
  EXPECT_EQ(function_failure("", "").message, "no reason given");
  EXPECT_EQ(function_failure("null", "").message, "no reason given");
  EXPECT_EQ(function_failure("<html>", "").message, "no reason given");
}

TEST(FunctionFailure, EndOfTheLogIsTheFunctionsOwnLines) {
  const FunctionFailure failure = function_failure(
      "{}",
      "START RequestId: 1 Version: $LATEST\n"
      "connecting\n"
      "[ERROR] KeyError: 'query'\rTraceback (most recent call last):\r  File \"f.py\", line 3\n"
      "END RequestId: 1\n"
      "REPORT RequestId: 1\tDuration: 2 ms\n");
  EXPECT_EQ(failure.log_end,
            "[ERROR] KeyError: 'query' | Traceback (most recent call last): | File \"f.py\", "
            "line 3");
}

TEST(FunctionFailure, LinesOfTheLogAreCut) {
  const std::string longest(200, 'x');
  EXPECT_EQ(function_failure("{}", longest).log_end, longest);
  EXPECT_EQ(function_failure("{}", longest + "x").log_end, longest + "...");
  EXPECT_EQ(function_failure("{}", "a\nb\nc\nd\n").log_end, "b | c | d");
}

TEST(FunctionFailure, LogCannotMoveATerminal) {
  EXPECT_EQ(function_failure("{}", "\x1b[2Jgone\xff").log_end, "\\x1b[2Jgone\\xff");
}

}  // namespace
}  // namespace drift::sql
