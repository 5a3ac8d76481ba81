#include "drift/check/expansion.h"

#include <gtest/gtest.h>

namespace drift::check {
namespace {

TEST(Expansion, ADatabasesNameBecomesPartOfATargets) {
  EXPECT_EQ(name_of_expanded("shop", "acme_1"), "shop-acme_1");
  EXPECT_EQ(name_of_expanded("shop", "a b/\"c\""), "shop-a-b--c-");
  EXPECT_EQ(name_of_expanded("shop", "é"), "shop---");
}

}  // namespace
}  // namespace drift::check
