#include "drift/sql/sql_text.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

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

TEST(QuotedLiteral, DoublesQuotesAndMarksBackslashes) {
  EXPECT_EQ(quoted_literal("a1"), "'a1'");
  EXPECT_EQ(quoted_literal(""), "''");
  EXPECT_EQ(quoted_literal("it's"), "'it''s'");
  EXPECT_EQ(quoted_literal("back\\slash"), "E'back\\\\slash'");
  EXPECT_EQ(quoted_literal("\\'; --"), "E'\\\\''; --'");
  EXPECT_EQ(quoted_literal("Müller"), "'Müller'");
}

TEST(QuotedLiteral, WritesWhatCannotBeSeenAsEscapes) {
  EXPECT_EQ(quoted_literal("a1\n"), "E'a1\\x0a'");
  EXPECT_EQ(quoted_literal("\ta1\x1b[2J\x7f"), "E'\\x09a1\\x1b[2J\\x7f'");
  EXPECT_EQ(quoted_literal("\xe2\x80\xae"
                           "a1"),
            "E'\\u202ea1'");
  EXPECT_EQ(quoted_literal("\xc2\x9b"), "E'\\u009b'");
}

TEST(QuotedIdentifier, IsAlwaysQuoted) {
  EXPECT_EQ(quoted_identifier("alembic_version"), "\"alembic_version\"");
  EXPECT_EQ(quoted_identifier("quo\"te"), "\"quo\"\"te\"");
}

TEST(QuotedNames, WithANulByteAreRefused) {
  const std::string name("a\0b", 3);
  EXPECT_STREQ(thrown_by([&] { quoted_literal(name); }).what(), "a name holds a NUL byte");
  EXPECT_STREQ(thrown_by([&] { quoted_identifier(name); }).what(), "a name holds a NUL byte");
}

}  // namespace
}  // namespace drift::sql
