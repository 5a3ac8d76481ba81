#include "drift/query/row_writer.h"

#include <gtest/gtest.h>

namespace drift::query {
namespace {

TEST(DisplayWidth, IsAsWideAsATerminalShowsIt) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("äß"), 2u);
}

}  // namespace
}  // namespace drift::query
