#include "drift/sql_api/psycopg_types.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "drift/sql/strict_json.h"

namespace drift::sql_api {
namespace {

std::uint32_t type_of(const std::string& json) {
  return type_of_value(std::get<sql::JsonValue>(sql::read_json(json)));
}

// https://www.postgresql.org/docs/15/catalog-pg-type.html
constexpr std::uint32_t kInt2 = 21, kInt4 = 23, kInt8 = 20, kNumeric = 1700, kFloat8 = 701,
                        kBool = 16;

TEST(PsycopgTypes, AnIntegerIsTheSmallestThatHoldsIt) {
  for (const char* small : {"0", "5", "-1", "32767", "-32768"}) EXPECT_EQ(type_of(small), kInt2);
  for (const char* plain : {"32768", "-32769", "2147483647", "-2147483648"}) {
    EXPECT_EQ(type_of(plain), kInt4) << plain;
  }
  for (const char* big :
       {"2147483648", "-2147483649", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(type_of(big), kInt8) << big;
  }
  EXPECT_EQ(type_of("9223372036854775808"), kNumeric);
  EXPECT_EQ(type_of("-9223372036854775809"), kNumeric);
}

TEST(PsycopgTypes, APointOrAnExponentMakesAFloat) {
  for (const char* number : {"1.0", "1e3", "1E3", "-0.5"}) EXPECT_EQ(type_of(number), kFloat8);
}

TEST(PsycopgTypes, WhatHasNoTypeOfItsOwnIsLeftToItsPlace) {
  for (const char* json : {"null", "\"5\"", "{\"a\": 1}", "[]", "[null]", "[\"a\"]", "[[]]",
                           "[1, \"a\"]", "[1, 1.5]", "[true, 1]", "[1, {}]"}) {
    EXPECT_EQ(type_of(json), 0U) << json;
  }
  EXPECT_EQ(type_of("true"), kBool);
  EXPECT_EQ(type_of("false"), kBool);
}

TEST(PsycopgTypes, AListIsAnArrayOfTheLargestOfItsElements) {
  EXPECT_EQ(type_of("[1, 2]"), 1005U);
  EXPECT_EQ(type_of("[1, null, 40000, 3]"), 1007U);
  EXPECT_EQ(type_of("[[1], [5000000000, 7]]"), 1016U);
  EXPECT_EQ(type_of("[1, 9223372036854775808]"), 1231U);
  EXPECT_EQ(type_of("[1.5, 1e3]"), 1022U);
  EXPECT_EQ(type_of("[true, null]"), 1000U);
}

}  // namespace
}  // namespace drift::sql_api
