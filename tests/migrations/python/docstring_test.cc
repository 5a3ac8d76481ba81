#include "migrations/python/docstring.h"

#include <gtest/gtest.h>

namespace drift::migrations {
namespace {

TEST(Docstring, MessageIsTheFirstParagraph) {
  const DocstringFacts facts = read_docstring(
      "add table\n\nRevision ID: ab12\nRevises: cd34\nCreate Date: 2025-12-30 19:00:00.123\n\n");
  EXPECT_EQ(facts.message, "add table");
  EXPECT_EQ(facts.create_date, "2025-12-30 19:00:00.123");
}

TEST(Docstring, MessageMayHaveSeveralLines) {
  EXPECT_EQ(read_docstring("\n  add table\n  and index\n\nmore").message, "add table\n  and index");
}

TEST(Docstring, LineOfSpacesEndsNoParagraph) {
  EXPECT_EQ(read_docstring("a\n \nb").message, "a\n \nb");
}

TEST(Docstring, WithoutMessageTheHeaderIsTheMessageAsInAlembic) {
  EXPECT_EQ(read_docstring("\n\nRevision ID: ab12\nRevises:\n\n").message,
            "Revision ID: ab12\nRevises:");
}

TEST(Docstring, WhiteSpaceOfUnicodeIsStripped) {
  EXPECT_EQ(read_docstring("\u00a0\u3000 a \u2003\x1c").message, "a");
}

TEST(Docstring, EmptyDocstringSaysNothing) {
  EXPECT_EQ(read_docstring("").message, "");
  EXPECT_EQ(read_docstring(" \n\n ").message, "");
  EXPECT_EQ(read_docstring("a").create_date, "");
}

TEST(Docstring, CreateDateMayBeIndentedButIsNoPartOfALine) {
  EXPECT_EQ(read_docstring("a\n\n    Create Date:  2015-01-01  \n").create_date, "2015-01-01");
  EXPECT_EQ(read_docstring("no Create Date: 2015-01-01").create_date, "");
}

}  // namespace
}  // namespace drift::migrations
