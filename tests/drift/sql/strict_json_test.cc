#include "drift/sql/strict_json.h"

#include <gtest/gtest.h>

namespace drift::sql {
namespace {

JsonValue value_of_text(std::string_view text) {
  auto read = read_json(text);
  if (const auto* refusal = std::get_if<JsonRefusal>(&read)) {
    ADD_FAILURE() << refusal->reason;
    return {};
  }
  return std::get<JsonValue>(std::move(read));
}

std::string refusal_of(std::string_view text) {
  const auto read = read_json(text);
  const auto* refusal = std::get_if<JsonRefusal>(&read);
  return refusal == nullptr ? "nothing was refused" : refusal->reason;
}

TEST(StrictJson, NumbersKeepTheirDigits) {
  const JsonValue list = value_of_text(
      "[20251230, -7, 1.10, 1e3, 123456789012345678901234567890, 0.1000000000000000055]");
  ASSERT_EQ(list.items.size(), 6U);
  EXPECT_EQ(list.items[0].text, "20251230");
  EXPECT_EQ(list.items[1].text, "-7");
  EXPECT_EQ(list.items[2].text, "1.10");
  EXPECT_EQ(list.items[3].text, "1e3");
  EXPECT_EQ(list.items[4].text, "123456789012345678901234567890");
  EXPECT_EQ(list.items[5].text, "0.1000000000000000055");
}

TEST(StrictJson, ObjectsKeepTheirOrder) {
  const JsonValue object = value_of_text(R"({"b": 1, "a": null, "c": {"d": [true, "x"]}})");
  ASSERT_EQ(object.members.size(), 3U);
  EXPECT_EQ(object.members[0].key, "b");
  EXPECT_EQ(object.members[1].key, "a");
  EXPECT_EQ(object.find("c")->find("d")->items[1].text, "x");
  EXPECT_NE(object.find("a"), nullptr);
  EXPECT_EQ(object.find_set("a"), nullptr);
  EXPECT_EQ(object.find("e"), nullptr);
}

TEST(StrictJson, WhatIsNoJsonIsRefusedByItsPlaceAlone) {
  EXPECT_EQ(refusal_of("{\"password\": canary}"), "is not JSON (at byte 14)");
  EXPECT_EQ(refusal_of(""), "is not JSON (at byte 1)");
  EXPECT_EQ(refusal_of("{} {}"), "is not JSON (at byte 4)");
  EXPECT_EQ(refusal_of("{'a': 1}"), "is not JSON (at byte 2)");
  EXPECT_EQ(refusal_of("[NaN]"), "is not JSON (at byte 2)");
}

TEST(StrictJson, TextThatIsNoUtf8IsRefused) {
  EXPECT_EQ(refusal_of("[\"\xff\"]"), "is not JSON (at byte 3)");
  EXPECT_EQ(refusal_of("[\"\xed\xa0\x80\"]"), "is not JSON (at byte 4)");
  EXPECT_EQ(refusal_of(R"(["\ud800"])"), "is not JSON (at byte 9)");
}

TEST(StrictJson, KeyThatStandsTwiceIsRefused) {
  EXPECT_EQ(refusal_of(R"({"rows": [], "rows": [["x"]]})"), "holds the key \"rows\" twice");
  EXPECT_EQ(refusal_of(R"([{"a": {"b": 1, "b": 1}}])"), "holds the key \"b\" twice");
  EXPECT_EQ(value_of_text(R"([{"a": 1}, {"a": 2}])").items.size(), 2U);
}

TEST(StrictJson, NulIsRefused) {
  EXPECT_EQ(refusal_of(R"(["a\u0000b"])"), "holds the character U+0000");
  EXPECT_EQ(refusal_of(R"({"a\u0000b": 1})"), "holds the character U+0000");
}

TEST(StrictJson, DepthAndNumberOfValuesAreBounded) {
  EXPECT_EQ(refusal_of(std::string(100'000, '[')), "is nested deeper than 32 levels");
  EXPECT_EQ(refusal_of(std::string(33, '[') + std::string(33, ']')),
            "is nested deeper than 32 levels");
  EXPECT_EQ(value_of_text(std::string(32, '[') + std::string(32, ']')).items.size(), 1U);
  std::string many = "[0";
  for (std::size_t i = 1; i < kMaxJsonValues; ++i) many += ",0";
  EXPECT_EQ(refusal_of(many + "]"), "holds more than 500000 values");
}

TEST(StrictJson, DescriptionTellsKindAndKeysButNoValue) {
  const auto description = [](std::string_view text) {
    return description_of(value_of_text(text));
  };
  EXPECT_EQ(description("null"), "null");
  EXPECT_EQ(description("true"), "true");
  EXPECT_EQ(description("12"), "a number");
  EXPECT_EQ(description("\"canary\""), "a string of 6 bytes");
  EXPECT_EQ(description("[1, 2, 3]"), "a list of 3");
  EXPECT_EQ(description("{}"), "an empty object");
  EXPECT_EQ(description(R"({"password": "canary"})"), "an object with the key password");
  EXPECT_EQ(description(R"({"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0})"),
            "an object with the keys a, b, c, d, e, f, g, h (and 2 more)");
  EXPECT_EQ(description("{\"\\u001b[2J\": 1}"), "an object with the key \\x1b[2J");
}

}  // namespace
}  // namespace drift::sql
