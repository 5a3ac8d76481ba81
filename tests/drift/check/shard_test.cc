#include "drift/check/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace drift::check {
namespace {

TEST(Shard, EachTargetIsInExactlyOnePartAndThePartsAreAlike) {
  std::array<int, 4> count{};
  for (int i = 0; i < 4000; ++i) {
    const std::string name = "target-" + std::to_string(i);
    int in = 0;
    for (std::size_t part = 1; part <= 4; ++part) {
      if (!Shard{part, 4}.has(name)) continue;
      ++in;
      ++count[part - 1];
    }
    EXPECT_EQ(in, 1) << name;
  }
  EXPECT_GT(*std::min_element(count.begin(), count.end()), 900);
}

// SHA-256 of "orders" begins with 1c168adb00d208e4 as sha256sum prints it.
TEST(Shard, IsToldByTheNameAloneSoAnyReleaseSharesOutAlike) {
  std::string parts;
  for (const char* name : {"orders", "users", "billing", "stock"}) {
    for (std::size_t part = 1; part <= 3; ++part) {
      if (Shard{part, 3}.has(name)) parts += std::to_string(part);
    }
  }
  EXPECT_EQ(parts, "2122");
}

TEST(Shard, OneOfOneHasAll) { EXPECT_TRUE(Shard{}.has("orders")); }

}  // namespace
}  // namespace drift::check
