#include "drift/sql_api/caller.h"

#include <gtest/gtest.h>

namespace drift::sql_api {
namespace {

TEST(Caller, TheClientContextNamesOneAndVerifiesNothing) {
  const Caller caller = caller_of_context(R"({"client":{},"custom":{"caller":"orders\n"}})");
  EXPECT_EQ(caller.name, "orders");
  EXPECT_FALSE(caller.verified);
  for (const char* other : {"", "nonsense", "[]", "{}", R"({"custom":7})", R"({"caller":"x"})",
                            R"({"custom":{"caller":["x"]}})"}) {
    EXPECT_EQ(caller_of_context(other).name, "") << other;
  }
  const std::string longer(300, 'x');
  EXPECT_LE(caller_of_context(R"({"custom":{"caller":")" + longer + "\"}}").name.size(), 259U);
}

TEST(WithoutValues, NamesStayAndValuesDoNot) {
  EXPECT_EQ(without_values("UPDATE \"T\" SET a='x' , b = E'\\'x' WHERE c=-5.5 AND d = $1"),
            "UPDATE \"T\" SET a=? , b = ? WHERE c=-? AND d = $1");
  EXPECT_EQ(without_values("SELECT $a$secret$a$, U&'x', B'01', x'ff', date'2026-01-01'"),
            "SELECT ?, ?, ?, ?, date?");
  EXPECT_EQ(without_values("SELECT 1e5, 0x1F, 1_000, 1e-5, a1, 1 AS b"),
            "SELECT ?, ?, ?, ?-?, a1, ? AS b");
}

TEST(WithoutValues, CommentsAreLeftOut) {
  EXPECT_EQ(without_values("SELECT /* secret */ 1 -- secret\n + 2"), "SELECT ? + ?");
}

TEST(WithoutValues, WhatCannotBeReadIsNotShown) {
  EXPECT_EQ(without_values("SELECT 'secret"), "");
  EXPECT_LE(without_values("SELECT " + std::string(9'000, 'a')).size(), 4'100U);
}

}  // namespace
}  // namespace drift::sql_api
