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

TEST(Printable, EscapesWhatEndsALineElsewhere) {
  EXPECT_EQ(printable("a\u2028b\u2029c\u2027d\u202ae"), "a\\u2028b\\u2029c\u2027d\\u202ae");
}

TEST(Printable, EscapesWhatReordersText) {
  EXPECT_EQ(printable("safe\xe2\x80\xae"
                      "evil"),
            "safe\\u202eevil");
}

TEST(Printable, ShowsBytesThatAreNoUtf8) { EXPECT_EQ(printable("caf\xe9"), "caf\\xe9"); }

TEST(Shortened, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(shortened("aaaa", 4), "aaaa");
  EXPECT_EQ(shortened("aaaa", 3), "aaa...");
  EXPECT_EQ(shortened("aa\xc3\xa9", 3), "aa...");
  EXPECT_EQ(shortened("aa🦆🦆🦆", 3), "aa...");
  EXPECT_EQ(shortened("a\nb", 3), "a\\n...");
  EXPECT_EQ(shortened(std::string(1'000, 'x')), std::string(120, 'x') + "...");
}

TEST(Shortened, CutsBytesThatAreNoUtf8) {
  EXPECT_EQ(shortened(std::string(1'000, '\x80'), 8), "\\x80\\x80...");
}

}  // namespace

namespace {

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

TEST(FirstInvalidUtf8, IsTheByteThatBeginsNoCharacter) {
  EXPECT_EQ(first_invalid_utf8("caf\xc3\xa9"), std::string_view::npos);
  EXPECT_EQ(first_invalid_utf8("caf\xe9"), 3U);
  EXPECT_EQ(first_invalid_utf8("\xe2\x82z"), 0U);
  EXPECT_EQ(first_invalid_utf8("\xc3\xa9\xed\xa0\x80"), 2U) << "surrogate";
}

TEST(AppendUtf8, WritesWhatFirstCharacterReads) {
  for (const std::uint32_t code_point :
       {0x0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string text;
    append_utf8(text, code_point);
    const Utf8Character read = first_character(text);
    EXPECT_TRUE(read.valid) << code_point;
    EXPECT_EQ(read.code_point, code_point);
    EXPECT_EQ(read.size, text.size());
  }
}

TEST(CutUtf8, EndsBetweenCharacters) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abc", 2), "ab");
  EXPECT_EQ(cut_utf8("a\xf0\x9f\x98\x80", 4), "a");
  EXPECT_EQ(cut_utf8("a\xf0\x9f\x98\x80", 5), "a\xf0\x9f\x98\x80");
}

TEST(CutUtf8, DoesNotThrowAwayWhatIsNoUtf8) {
  EXPECT_EQ(cut_utf8(std::string(100, '\x80'), 50).size(), 50U);
}

}  // namespace

}  // namespace drift
