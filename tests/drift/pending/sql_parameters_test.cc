#include "drift/pending/sql_parameters.h"

#include <gtest/gtest.h>

namespace drift::pending {
namespace {

TEST(SqlParameters, NamesAfterAColonAreParametersAndCastsAreNot) {
  EXPECT_EQ(without_parameters("SET a = :x, b = c::text, d = '\\:y', e = :z"),
            "SET a = $1, b = c::text, d = ':y', e = $2");
}

TEST(SqlParameters, WhatTheDriverFillsInIsAParameter) {
  EXPECT_EQ(without_driver_parameters("a = %s AND b = %(name)s AND c LIKE 'x%%'"),
            "a = $1 AND b = $2 AND c LIKE 'x%'");
  EXPECT_EQ(without_driver_parameters("%("), "$1");
  EXPECT_EQ(without_driver_parameters("5 %"), "5 %");
}

}  // namespace
}  // namespace drift::pending
