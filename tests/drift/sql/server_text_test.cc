#include "drift/sql/server_text.h"

#include <gtest/gtest.h>

namespace drift::sql {
namespace {

TEST(ServerText, FirstLineStandsForAMessageOfSeveral) {
  EXPECT_EQ(one_line("relation is gone\nLINE 1: SELECT"), "relation is gone");
  EXPECT_EQ(one_line("ends in CR \r\n"), "ends in CR");
}

TEST(ServerText, TerminalEscapesFromAServerAreShownNotObeyed) {
  EXPECT_EQ(one_line("\x1b[31mred"), "\\x1B[31mred");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "31m"),
            "\\x9B31m");
  EXPECT_EQ(one_line("a\tb"), "a b");
  EXPECT_EQ(one_line("del\x7f"), "del\\x7F");
}

TEST(ServerText, Latin1MessageOfAGermanServerStaysValidUtf8) {
  EXPECT_EQ(one_line("Passwort-Authentifizierung f\xfcr Benutzer"),
            "Passwort-Authentifizierung f\\xFCr Benutzer");
}

TEST(ServerText, LongMessageIsCutBetweenCharacters) {
  EXPECT_EQ(one_line("aaaa", 3), "aaa...");
  EXPECT_EQ(one_line("aa\xc3\xa9", 3), "aa...");
  EXPECT_EQ(one_line("aa\xc3\xa9", 4), "aa\xc3\xa9");
}

TEST(ServerText, Utf8IsTakenOfEveryLength) {
  for (const std::string text : {"", "caf\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf",
                                 "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\n\x1b"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(ServerText, BytesThatAreNotUtf8AreTold) {
  EXPECT_FALSE(is_utf8("caf\xe9"));
  EXPECT_FALSE(is_utf8("\xc3"));
  EXPECT_FALSE(is_utf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xe0\x9f\xbf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
  EXPECT_FALSE(is_utf8("\xe2\x82z")) << "truncated";
}

TEST(ServerText, IdentifiersAreQuotedOnlyWhereTheyMustBe) {
  EXPECT_EQ(display_identifier("alembic_version"), "alembic_version");
  EXPECT_EQ(display_identifier("Alembic"), "\"Alembic\"");
  EXPECT_EQ(display_identifier("odd \"name\""), "\"odd \"\"name\"\"\"");
  EXPECT_EQ(display_identifier("1st"), "\"1st\"");
  EXPECT_EQ(display_identifier(""), "\"\"");
}

}  // namespace
}  // namespace drift::sql
