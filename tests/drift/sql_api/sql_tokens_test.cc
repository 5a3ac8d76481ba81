#include "drift/sql_api/sql_tokens.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/thrown_by.h"

namespace drift::sql_api {
namespace {

// What was read, in short: words as they are, "quoted", 's' for a string, 0 for a number.
std::string scanned(std::string_view sql) {
  std::string all;
  for (const Token& token : sql_tokens(sql)) {
    if (!all.empty()) all += ' ';
    switch (token.kind) {
      case TokenKind::kWord:
      case TokenKind::kSymbol: all += token.text; break;
      case TokenKind::kQuoted: all += '"' + token.text + '"'; break;
      case TokenKind::kString: all += "'s'"; break;
      case TokenKind::kNumber: all += '0'; break;
      case TokenKind::kParameter: all += '$' + token.text; break;
    }
  }
  return all;
}

TEST(SqlTokens, WordsAreFoldedAndBlanksAndCommentsLeftOut) {
  EXPECT_EQ(scanned("SeLeCt\t*\n-- ; '\r FROM /* a /* ' */ b */ Users;"), "select * from users ;");
  EXPECT_EQ(scanned("a$1 _b é"), "a$1 _b é");
  EXPECT_EQ(scanned(""), "");
  EXPECT_EQ(scanned("a--b\nc+--d\n-e/**/f"), "a c + - e f");
}

TEST(SqlTokens, StringsEndWherePostgresqlEndsThem) {
  EXPECT_EQ(scanned("'it''s' x"), "'s' x");
  EXPECT_EQ(scanned(R"('a\' x)"), "'s' x");
  EXPECT_EQ(scanned(R"(E'a\' x' y)"), "'s' y");
  EXPECT_EQ(scanned(R"(e'\\' y)"), "'s' y");
  EXPECT_EQ(scanned("b'01' X'ff' n'x' U&'\\0041' y"), "'s' 's' 's' 's' y");
  EXPECT_EQ(scanned("U & 'x'"), "u & 's'");
}

TEST(SqlTokens, AStringGoesOnAfterANewlineAndKeepsItsEscapes) {
  EXPECT_EQ(scanned("E'a'\n '\\' x' y"), "'s' y");
  EXPECT_EQ(scanned("E'a' -- c\n -- d\n'\\' x' y"), "'s' y");
  EXPECT_EQ(scanned("E'a' '\\' x"), "'s' 's' x");
  EXPECT_EQ(scanned("'a'\n'b' c"), "'s' c");
}

TEST(SqlTokens, DollarQuotesNeedTheirOwnTag) {
  EXPECT_EQ(scanned("$$a;b$$ c"), "'s' c");
  EXPECT_EQ(scanned("$a$ $b$ ; $$ $a$ c"), "'s' c");
  EXPECT_EQ(scanned("a$b$ c"), "a$b$ c");
  EXPECT_EQ(scanned("$1+$23"), "$1 + $23");
  EXPECT_EQ(scanned("$a b"), "$ a b");
  // Only a name is a tag.
  EXPECT_EQ(scanned("$a b$ ; $a b$"), "$ a b$ ; $ a b$");
  EXPECT_EQ(scanned("$a-b$ ; $a-b$"), "$ a - b$ ; $ a - b$");
  EXPECT_EQ(scanned("$\u00e9$;$\u00e9$ c"), "'s' c");
}

TEST(SqlTokens, QuotedIdentifiersAreReadWithTheirEscapes) {
  EXPECT_EQ(scanned(R"("A ""b"" ; c" d)"), "\"A \"b\" ; c\" d");
  EXPECT_EQ(scanned(R"(U&"d\0061t\+000061\\" x)"), "\"data\\\" x");
  EXPECT_EQ(scanned(R"(u&"d!0061ta" UESCAPE '!' x)"), "\"data\" x");
  EXPECT_EQ(scanned(R"(U&"\D7FF\E000\+10FFFF")"), "\"\uD7FF\uE000\U0010FFFF\"");
}

TEST(SqlTokens, NumbersDoNotSwallowWords) {
  EXPECT_EQ(scanned("1 1.5 .5 1e5 12abc"), "0 0 0 0 e5 0 abc");
}

TEST(SqlTokens, PlacesAreInBytes) {
  const auto tokens = sql_tokens("é  'x'");
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].end, 2U);
  EXPECT_EQ(tokens[1].begin, 4U);
  EXPECT_EQ(tokens[1].end, 7U);
}

TEST(SqlTokens, WhatNothingEndsIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"'a", "the statement ends inside a string"},
      {"E'a\\'", "the statement ends inside a string"},
      {"E'a\\", "the statement ends inside a string"},
      {"\"a", "the statement ends inside a quoted identifier"},
      {"$x$ a $y$", "the statement ends inside a dollar-quoted string"},
      {"/* /* */", "the statement ends inside a comment"},
      {R"(U&"\00")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"a\")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"\+00006")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"\+110000")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"\0000")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"\DFFF")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"\D800")", "the statement has a U&\"\" identifier with an invalid escape"},
      {R"(U&"a" UESCAPE 'ab')", "the statement has a U&\"\" identifier with an invalid escape"},
  };
  for (const auto& [sql, message] : cases) {
    const Error error = thrown_by([&, text = sql] { sql_tokens(text); });
    EXPECT_EQ(error.fault, Fault::kUsage) << sql;
    EXPECT_STREQ(error.what(), message) << sql;
  }
}

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(SqlTokens, RunsThatAServerReadsInQuadraticTimeAreRefused) {
  for (const char* unit : {"/**/", "/*", "+", "+/**/", "-/**/", "<+", "*/**/"}) {
    const Error error = thrown_by([&] { sql_tokens("SELECT 1" + repeated(unit, 501)); });
    EXPECT_EQ(error.fault, Fault::kUsage) << unit;
    EXPECT_STREQ(error.what(),
                 "the statement has more than 500 comments or signs in a row without a blank "
                 "between them");
    EXPECT_EQ(error.hint, "a server would take very long to read them; leave them out");
  }
  EXPECT_NO_THROW(sql_tokens("SELECT 1" + repeated("/**/", 500)));
}

TEST(SqlTokens, WhatIsReadAtOnceIsNotLimited) {
  EXPECT_NO_THROW(sql_tokens("--" + repeated("-", 5000) + "\nSELECT 1"));
  EXPECT_NO_THROW(sql_tokens("/*" + repeated("-=*+", 5000) + "*/ SELECT 1"));
  EXPECT_NO_THROW(sql_tokens("SELECT '" + repeated("+/*", 5000) + "'"));
  EXPECT_NO_THROW(sql_tokens("SELECT 1" + repeated(" + 1", 5000)));
  EXPECT_NO_THROW(sql_tokens("SELECT 1" + repeated("+1", 5000)));
  EXPECT_NO_THROW(sql_tokens(repeated("/* ", 5000) + repeated("*/ ", 5000) + "SELECT 1"));
  EXPECT_NO_THROW(sql_tokens("SELECT 1 IN (0" + repeated(",7", 300'000) + ")"));
}

TEST(SqlTokens, WordsAreCounted) {
  const Error error = thrown_by([] { sql_tokens(repeated("a ", 50'001)); });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "the statement has more than 50000 words");
  EXPECT_EQ(error.hint, "send values as parameters, and a list as one of them: = ANY ($1)");
}

}  // namespace
}  // namespace drift::sql_api
