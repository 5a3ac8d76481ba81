#include "drift/query/door.h"

#include <gtest/gtest.h>

namespace drift::query {
namespace {

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

}  // namespace
}  // namespace drift::query
