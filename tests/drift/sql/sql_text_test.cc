#include "drift/sql/sql_text.h"

#include <gtest/gtest.h>

namespace drift::sql {
namespace {

TEST(ServerText, FirstLineStandsForAMessageOfSeveral) {
  EXPECT_EQ(one_line("relation is gone\nLINE 1: SELECT"), "relation is gone");
  EXPECT_EQ(one_line("ends in CR \r\n"), "ends in CR");
}

TEST(ServerText, TerminalEscapesFromAServerAreShownNotObeyed) {
  EXPECT_EQ(one_line("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "31m"),
            "\\x9b31m");
  EXPECT_EQ(one_line("a\tb"), "a\\tb");
  EXPECT_EQ(one_line("del\x7f"), "del\\x7f");
}

TEST(ServerText, Latin1MessageOfAGermanServerStaysValidUtf8) {
  EXPECT_EQ(one_line("Passwort-Authentifizierung f\xfcr Benutzer"),
            "Passwort-Authentifizierung f\\xfcr Benutzer");
}

TEST(ServerText, LongMessageIsCutBetweenCharacters) {
  EXPECT_EQ(one_line("aaaa", 3), "aaa...");
  EXPECT_EQ(one_line("aa\xc3\xa9", 3), "aa...");
  EXPECT_EQ(one_line("aa\xc3\xa9", 4), "aa\xc3\xa9");
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
