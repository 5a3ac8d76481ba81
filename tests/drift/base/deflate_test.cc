#include "drift/base/deflate.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(Deflate, ATextComesBackAsItWas) {
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(3U << 20U, 'x'), std::string("\0\xff", 2)}) {
    EXPECT_EQ(inflated(deflated(text), text.size()), text);
  }
  EXPECT_LT(deflated(std::string(100'000, 'x')).size(), 1000U);
}

TEST(Deflate, WhatIsTooLongCutOrGoesOnIsNothing) {
  const std::string bytes = deflated(std::string(3U << 20U, 'x'));
  EXPECT_EQ(inflated(bytes, (3U << 20U) - 1), std::nullopt);
  EXPECT_EQ(inflated(bytes.substr(0, bytes.size() - 1), SIZE_MAX - 1), std::nullopt);
  EXPECT_EQ(inflated(bytes + 'x', SIZE_MAX - 1), std::nullopt);
  EXPECT_EQ(inflated("not zlib", 100), std::nullopt);
  EXPECT_EQ(inflated("", 100), std::nullopt);
}

}  // namespace
}  // namespace drift
