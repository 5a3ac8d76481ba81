#include "drift/base/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

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

namespace {

TEST(EditDistance, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(edit_distance("", "", 3), 0U);
  EXPECT_EQ(edit_distance("ab", "ba", 3), 1U);
  EXPECT_EQ(edit_distance("main", "Main", 3), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 3), 3U);
  EXPECT_EQ(edit_distance("", "abc", 3), 3U);
}

TEST(EditDistance, SaysOneMoreThanTheLimitForAllThatIsFarther) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3U);
  EXPECT_EQ(edit_distance("aaaa", "bbbb", 1), 2U);
  EXPECT_EQ(edit_distance("a", "abcdefgh", 2), 3U);
  EXPECT_EQ(edit_distance("a", "b", 0), 1U);
  const std::string longer(129, 'a');
  EXPECT_EQ(edit_distance(longer, longer, 2), 3U);
}

// The same by the definition, over the whole table.
std::size_t by_definition(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
        continue;
      }
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1,
                              table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[a.size()][b.size()];
}

TEST(EditDistance, IsThatOfTheDefinitionForRandomWords) {
  std::mt19937 random(20260102);
  const auto word = [&] {
    std::string made(random() % 9, ' ');
    for (char& c : made) c = static_cast<char>('a' + random() % 3);
    return made;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = word(), b = word();
    const std::size_t limit = random() % 6;
    ASSERT_EQ(edit_distance(a, b, limit), std::min(by_definition(a, b), limit + 1))
        << a << ", " << b << ", at most " << limit;
  }
}

TEST(Nearest, FindsASlipOfOneLetter) {
  EXPECT_EQ(nearest("mian", {"develop", "main"}), "main");
  EXPECT_EQ(nearest("databse", {"repository", "database"}), "database");
}

TEST(Nearest, TakesTheBeginningOfOneAlone) {
  EXPECT_EQ(nearest("--repos", {"--ref", "--repository", "--reports"}), "--repository");
  EXPECT_EQ(nearest("--vers", {"--version-table", "--versions-path"}), "");
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
