#include "drift/sql_api/value_type.h"

#include <gtest/gtest.h>

#include <string>

// Every type of a real server is in tests/e2e/test_sql_api_types.py; here is what a server of ours
// does not send.
namespace drift::sql_api {
namespace {

std::string written(std::string_view text, const ValueType& type) {
  std::string json;
  append_value(json, text, type);
  return json;
}

ValueType array_of(Notation notation) { return {"", notation, true, ','}; }

TEST(Values, TextOfAnotherFormIsAString) {
  EXPECT_EQ(written("{1,2", array_of(Notation::kNumber)), "\"{1,2\"");
  EXPECT_EQ(written("{1,,2}", array_of(Notation::kNumber)), "\"{1,,2}\"");
  EXPECT_EQ(written("{1}x", array_of(Notation::kNumber)), "\"{1}x\"");
  EXPECT_EQ(written("[0:1", array_of(Notation::kNumber)), "\"[0:1\"");
  EXPECT_EQ(written(R"({a\b})", array_of(Notation::kText)), R"("{a\\b}")");
  EXPECT_EQ(written(R"({"a)", array_of(Notation::kText)), R"("{\"a")");
  EXPECT_EQ(written("{{{{{{{1}}}}}}}", array_of(Notation::kNumber)), "\"{{{{{{{1}}}}}}}\"");
  EXPECT_EQ(written("escaped", {"bytea", Notation::kBytea}), "\"escaped\"");
  EXPECT_EQ(written("", {"int4", Notation::kNumber}), "\"\"");
}

TEST(Values, JsonComesInOneLine) {
  EXPECT_EQ(written("{\"a\":\r\n 1}", {"json", Notation::kJson}), "{\"a\":   1}");
}

TEST(Values, EveryBuiltInArrayKnowsItsElements) {
  EXPECT_EQ(builtin_type(1007)->name, "int4[]");
  EXPECT_EQ(builtin_type(1007)->notation, Notation::kNumber);
  EXPECT_EQ(builtin_type(1020)->delimiter, ';');
  EXPECT_FALSE(builtin_type(0));
  EXPECT_FALSE(builtin_type(16'384));
}

}  // namespace
}  // namespace drift::sql_api
