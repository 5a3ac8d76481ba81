#include "drift/base/nearest.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(Nearest, FindsASlipOfOneLetter) {
  EXPECT_EQ(nearest("mian", {"develop", "main"}), "main");
  EXPECT_EQ(nearest("databse", {"repository", "database"}), "database");
}

TEST(Nearest, TakesNoNoticeOfCase) { EXPECT_EQ(nearest("MAIN", {"main"}), "main"); }

TEST(Nearest, PrefersTheNearerCandidateAndThenTheFirst) {
  EXPECT_EQ(nearest("release-12", {"release-21x", "release-1", "release-13"}), "release-1");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest("orders", {"customers", "invoices"}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Nearest, PassesOverVeryLongWords) {
  const std::string longer(10'000, 'a');
  EXPECT_EQ(nearest(longer, {longer}), "");
  EXPECT_EQ(nearest("aaaa", {longer, "aaab"}), "aaab");
}

}  // namespace
}  // namespace drift
