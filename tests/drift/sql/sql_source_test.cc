#include "drift/sql/sql_source.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::sql {
namespace {

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
