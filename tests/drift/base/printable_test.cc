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
}  // namespace drift
