#include "drift/sql/json_text.h"

#include <gtest/gtest.h>

#include "drift/sql/strict_json.h"

namespace drift::sql {
namespace {

TEST(JsonText, StringsAreJsonWhateverTheBytes) {
  std::string json;
  append_json_string(json, std::string_view("\x00\x1f\"\\\x7f\xff é\xc3", 10));
  EXPECT_EQ(json, "\"\\u0000\\u001f\\\"\\\\\x7f\uFFFD é\uFFFD\"");
}

TEST(JsonText, ValuesKeepTheirDigitsAndTheirOrder) {
  const std::string text = R"({"b":[1.50,null,true,{}],"a":{"k":"\"\b"},"c":[]})";
  EXPECT_EQ(json_text(std::get<JsonValue>(read_json(text))), text);
}

TEST(JsonText, ObjectIsWrittenMemberByMember) {
  EXPECT_EQ(JsonObject().take(), "{}");
  EXPECT_EQ(JsonObject()
                .add("a\"", "x")
                .add_if_any("n", "")
                .add_or_null("b", {})
                .add_json("c", "[1]")
                .take(),
            R"({"a\"":"x","b":null,"c":[1]})");
}

}  // namespace
}  // namespace drift::sql
