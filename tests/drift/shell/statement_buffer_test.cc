#include "drift/shell/statement_buffer.h"

#include <gtest/gtest.h>

namespace drift::shell {
namespace {

using Texts = std::vector<std::string>;

TEST(StatementBuffer, WaitsForTheSemicolon) {
  StatementBuffer buffer;
  EXPECT_TRUE(buffer.add("").empty());
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(buffer.add("SELECT 1").empty());
  EXPECT_EQ(buffer.text(), "SELECT 1\n");
  EXPECT_EQ(buffer.add(";"), Texts{"SELECT 1"});
  EXPECT_TRUE(buffer.empty());
}

TEST(StatementBuffer, KeepsWhatStandsBehindTheLastSemicolon) {
  StatementBuffer buffer;
  EXPECT_EQ(buffer.add("SELECT 1; SELECT 2; SELECT"), (Texts{"SELECT 1", "SELECT 2"}));
  EXPECT_EQ(buffer.text(), "SELECT\n");
  EXPECT_EQ(buffer.add("3;"), Texts{"SELECT\n3"});
}

TEST(StatementBuffer, TakesNoSemicolonOfAStringACommentOrBrackets) {
  StatementBuffer buffer;
  EXPECT_TRUE(buffer.add("SELECT ';").empty());
  EXPECT_TRUE(buffer.inside_quotes());
  EXPECT_TRUE(buffer.add("a;', $x$;$x$ -- ;").empty());
  EXPECT_FALSE(buffer.inside_quotes());
  EXPECT_TRUE(buffer.add("/* ;").empty());
  EXPECT_TRUE(buffer.inside_quotes());
  EXPECT_TRUE(buffer.add("*/, (;").empty());
  EXPECT_EQ(buffer.add("1);").size(), 1u);
}

TEST(StatementBuffer, ReadsALongPasteOnceItsLastLineEndsWithASemicolon) {
  StatementBuffer buffer;
  buffer.add("SELECT * FROM (VALUES");
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(buffer.add("('a; b'),").empty());
  EXPECT_EQ(buffer.add("('c')) AS v;").size(), 1u);
}

TEST(StatementBuffer, IsEmptyAfterACommentAlone) {
  StatementBuffer buffer;
  EXPECT_TRUE(buffer.add("-- what follows").empty());
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(buffer.add(";").empty());
  EXPECT_TRUE(buffer.empty());
}

TEST(StatementBuffer, GivesBackWhatNobodyCanRead) {
  StatementBuffer buffer;
  EXPECT_EQ(buffer.add("SELECT U&\"\\zzzz\"; SELECT 2;").size(), 1u);
  EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace drift::shell
