#include "drift/base/text.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

using Pieces = std::vector<std::string_view>;

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

TEST(IsAlnum, IsOfAsciiWhateverTheLocaleSays) {
  for (const char c : {'0', '9', 'a', 'z', 'A', 'Z'}) EXPECT_TRUE(is_alnum(c)) << c;
  for (const char c : {'/', ':', '@', '[', '`', '{', '_', '\xe4', '\0'})
    EXPECT_FALSE(is_alnum(c)) << c;
}

TEST(Trimmed, TakesBlanksFromBothEndsAndNotFromWithin) {
  EXPECT_EQ(trimmed(" \t a b\r\n\v\f"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Split, KeepsEmptyPieces) {
  EXPECT_EQ(split("a,,b,", ','), (Pieces{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), Pieces{""});
}

TEST(Split, LeavesTheRestInTheLastPieceAllowed) {
  EXPECT_EQ(split("arn:aws:sns:eu:1:a:b", ':', 3), (Pieces{"arn", "aws", "sns:eu:1:a:b"}));
  EXPECT_EQ(split("a:b", ':', 1), Pieces{"a:b"});
}

TEST(Counted, SaysOneAndMany) {
  EXPECT_EQ(counted(1, "revision"), "1 revision");
  EXPECT_EQ(counted(0, "revision"), "0 revisions");
  EXPECT_EQ(counted(12, "revision"), "12 revisions");
  EXPECT_EQ(counted(1, "entry", "entries"), "1 entry");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
}

TEST(Quoted, ListsWithAnAndAndSaysHowManyMore) {
  EXPECT_EQ(quoted("a"), "'a'");
  EXPECT_EQ(quoted(std::vector<std::string>{"a", "b", "c"}), "'a', 'b' and 'c'");
  EXPECT_EQ(quoted(std::vector<std::string>{"a", "b", "c"}, 1), "'a' and 2 more");
}

TEST(Joined, PutsTheSeparatorBetween) {
  EXPECT_EQ(joined({"a", "b"}), "a, b");
  EXPECT_EQ(joined({}, "|"), "");
}

}  // namespace
}  // namespace drift
