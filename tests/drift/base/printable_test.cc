#include "drift/base/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace drift {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("Müller adds 表 and 🦆"), "Müller adds 表 and 🦆");
}

TEST(Printable, EscapesWhatMovesATerminalsCursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\rc\nd\te\x7f"), "a\\x1b[2Jb\\x0dc\\nd\\te\\x7f");
  // U+009B is a control sequence introducer of one character.
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
}

TEST(Printable, EscapesWhatReordersText) {
  EXPECT_EQ(printable("safe\xe2\x80\xae"
                      "evil"),
            "safe\\u202eevil");
}

TEST(IsUtf8, Utf8IsTakenOfEveryLength) {
  for (const std::string text : {"", "caf\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf",
                                 "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\n\x1b"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(IsUtf8, BytesThatAreNotUtf8AreTold) {
  EXPECT_FALSE(is_utf8("caf\xe9"));
  EXPECT_FALSE(is_utf8("\xc3"));
  EXPECT_FALSE(is_utf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xe0\x9f\xbf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
  EXPECT_FALSE(is_utf8("\xe2\x82z")) << "truncated";
}

TEST(Printable, ShowsBytesThatAreNoUtf8) { EXPECT_EQ(printable("caf\xe9"), "caf\\xe9"); }

TEST(ValidUtf8, ReplacesEachByteThatBelongsToNoSequence) {
  EXPECT_EQ(valid_utf8("a\xff\xfe"
                       "b"),
            "a\xef\xbf\xbd\xef\xbf\xbd"
            "b");
  EXPECT_EQ(valid_utf8("\xe4"), "\xef\xbf\xbd");
}

TEST(ValidUtf8, RefusesOverlongFormsAndSurrogates) {
  EXPECT_EQ(valid_utf8("\xc0\xaf").find('\xc0'), std::string::npos);
  EXPECT_EQ(valid_utf8("\xed\xa0\x80").find('\xed'), std::string::npos);
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80").find('\xf4'), std::string::npos);
}

TEST(ValidUtf8, KeepsTheLastCodePoint) {
  EXPECT_EQ(valid_utf8("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf");
}

}  // namespace
}  // namespace drift
