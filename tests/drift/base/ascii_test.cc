#include "drift/base/ascii.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(AsciiLower, LeavesEverythingButCapitalsAlone) {
  EXPECT_EQ(ascii_lower("AZaz09@[`{"), "azaz09@[`{");
  EXPECT_EQ(ascii_lower("\xc3\x84"), "\xc3\x84");
}

TEST(HexDigit, KnowsBothCasesAndNothingElse) {
  EXPECT_EQ(hex_digit('0'), 0);
  EXPECT_EQ(hex_digit('9'), 9);
  EXPECT_EQ(hex_digit('a'), 10);
  EXPECT_EQ(hex_digit('F'), 15);
  for (const char c : {'g', 'G', '/', ':', '@', '`', '\0'}) EXPECT_EQ(hex_digit(c), -1) << c;
}

}  // namespace
}  // namespace drift
