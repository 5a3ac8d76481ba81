#include "migrations/alembic/ini_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using std::string;

string value_of(const string& text, const string& key = "key") {
  return IniFile{text, "alembic.ini", {{"here", "/there"}}}.get("alembic", key).value_or("(none)");
}

TEST(IniFile, KeysAreLowerCasedAndDelimitedByEqualsOrColon) {
  EXPECT_EQ(value_of("[alembic]\nKEY = a\n"), "a");
  EXPECT_EQ(value_of("[alembic]\nkey:a=b\n"), "a=b");
  EXPECT_EQ(value_of("[alembic]\n  Key\t=\ta b \t\n"), "a b");
  EXPECT_EQ(value_of("[alembic]\nkey =\n"), "");
}

TEST(IniFile, SectionNamesKeepTheirCase) {
  const IniFile ini{"[Alembic]\n[b]\n[a]x] trailing\n", "alembic.ini"};
  EXPECT_EQ(ini.sections(), (std::vector<string>{"Alembic", "b", "a]x"}));
  EXPECT_TRUE(ini.has_section("Alembic"));
  EXPECT_FALSE(ini.has_section("alembic"));
  EXPECT_EQ(ini.get("alembic", "key"), std::nullopt);
}

TEST(IniFile, MoreDeeplyIndentedLinesContinueAValueWithItsEmptyLines) {
  EXPECT_EQ(value_of("[alembic]\nkey = a\n  b\n\n  # no part of it\n\t[c]\n\nother = d\n"),
            "a\nb\n\n[c]");
  EXPECT_EQ(value_of("[alembic]\nkey =\n  a\n  b\n"), "\na\nb");
  // As deep as the option itself is no continuation.
  EXPECT_EQ(value_of("[alembic]\n  key = a\n  other = b\n"), "a");
}

TEST(IniFile, OnlyWholeLinesAreComments) {
  EXPECT_EQ(value_of("# c\n; c\n[alembic]\n  # c\nkey = a # b ; c\n"), "a # b ; c");
}

TEST(IniFile, AnyLineEndAndNoneAtTheEnd) {
  EXPECT_EQ(value_of("[alembic]\r\nother = b\r\nkey = a"), "a");
  EXPECT_EQ(value_of("[alembic]\rother = b\rkey = a\r"), "a");
}

TEST(IniFile, WhiteSpaceIsThatOfPythonNotOnlyAscii) {
  EXPECT_EQ(value_of("[alembic]\nkey\xC2\xA0=\xE3\x80\x80"
                     "a\xE2\x80\xA8\n"),
            "a");
  // One character of two bytes is as deep as one blank.
  EXPECT_EQ(value_of("[alembic]\n key = a\n\xC2\xA0other = b\n"), "a");
  // Bytes that only resemble a space are none.
  EXPECT_EQ(value_of("[alembic]\nkey = a\xE2\x82\xAC\n"), "a\xE2\x82\xAC");
}

TEST(IniFile, DefaultsAreInheritedAndMayStandTwice) {
  const string text = "[DEFAULT]\na = 1\n[alembic]\nkey = %(a)s%(b)s\n[DEFAULT]\nb = 2\n";
  EXPECT_EQ(value_of(text), "12");
  EXPECT_EQ(value_of(text, "a"), "1");
  EXPECT_EQ(value_of("[DEFAULT]\nhere = /mine\n[alembic]\nkey = %(HERE)s\n"), "/mine");
  EXPECT_EQ(value_of("[alembic]\nkey = %(here)s/x\n"), "/there/x");
}

TEST(IniFile, PercentSignsAreFilledInOnlyWhenAskedFor) {
  const string text = "[alembic]\nkey = 50%%\nfile_template = %(year)d\n";
  EXPECT_EQ(value_of(text), "50%");
  expect_error(thrown_by([&] { value_of(text, "file_template"); }), Fault::kAlembicIniInvalid,
               "alembic.ini:3: file_template has a '%' that begins neither %(name)s nor %%",
               "write %% for a plain percent sign");
}

TEST(IniFile, PlacesAreWhereAnOptionBegins) {
  const IniFile ini{"[DEFAULT]\na = 1\n\n[x]\nkey = b\n c\n", "etc/alembic.ini"};
  EXPECT_EQ(ini.place("x", "key"), "etc/alembic.ini:5");
  EXPECT_EQ(ini.place("x", "a"), "etc/alembic.ini:2");
  EXPECT_EQ(ini.place("x", "none"), "etc/alembic.ini");
  EXPECT_TRUE(ini.has("x", "a"));
  EXPECT_FALSE(ini.declares("x", "a"));
}

// ----------------------------------------------------------------- what Python would refuse

Error refusal(const string& text) {
  return thrown_by([&] { value_of(text); });
}

TEST(IniFile, OptionTwiceIsRefusedWithBothLines) {
  expect_error(refusal("[alembic]\nkey = a\n\nKey: b\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:4: option 'key' of [alembic] is already at line 2",
               "Python's ConfigParser refuses the whole file: remove one of the two");
  expect_error(refusal("[DEFAULT]\nkey = a\n[DEFAULT]\nkey = b\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:4: option 'key' of [DEFAULT] is already at line 2",
               "Python's ConfigParser refuses the whole file: remove one of the two");
}

TEST(IniFile, SectionTwiceIsRefusedWithBothLines) {
  expect_error(refusal("[alembic]\n[b]\n[alembic]\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:3: section [alembic] is already at line 1",
               "Python's ConfigParser refuses the whole file: merge the two sections");
}

TEST(IniFile, LineBeforeAnySectionIsRefused) {
  expect_error(refusal("\n# c\nkey = a\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:3: the line comes before any [section]",
               "Python's ConfigParser refuses the whole file: the first line that is neither empty "
               "nor a comment must be a section such as [alembic]");
}

TEST(IniFile, ByteOrderMarkIsRefusedAsInAlembic) {
  expect_error(refusal("\xEF\xBB\xBF[alembic]\nkey = a\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:1: the file begins with a byte order mark",
               "Python's ConfigParser refuses the whole file: save it as UTF-8 without one");
}

TEST(IniFile, LineThatIsNoOptionIsRefusedWithoutShowingIt) {
  const Error error = refusal("[alembic]\nkey a postgresql//user;secret@db\n");
  expect_error(error, Fault::kAlembicIniInvalid,
               "alembic.ini:2: the line is neither a [section] nor of the form name = value",
               "Python's ConfigParser refuses the whole file: indent the line where it continues a "
               "value, begin it with '#' where it is a comment");
  EXPECT_EQ(string{refusal("[alembic]\n= a\n").what()},
            "alembic.ini:2: the line is neither a [section] nor of the form name = value");
  EXPECT_EQ(string{refusal("[alembic]\n[]\n").what()},
            "alembic.ini:2: the line is neither a [section] nor of the form name = value");
}

TEST(IniFile, UnknownReferenceIsRefusedByName) {
  expect_error(refusal("[alembic]\nkey = %(home)s/x\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:2: key refers to %(home)s, which is set neither in [alembic] nor in "
               "[DEFAULT]",
               "set it there, or pass --script-location and --versions-path where env.py sets it");
}

TEST(IniFile, CircleOfReferencesIsRefused) {
  expect_error(refusal("[alembic]\nkey = %(b)s\nb = %(key)s\n"), Fault::kAlembicIniInvalid,
               "alembic.ini:2: key refers to other options more than ten deep, or to itself",
               "break the circle of %(...)s; Python's ConfigParser refuses it too");
}

TEST(IniFile, ValueThatIsNoUtf8IsRefusedOnlyWhenAskedFor) {
  const string text = "# K\xE4se\n[alembic]\nkey = a\nother = K\xE4se\n";
  EXPECT_EQ(value_of(text), "a");
  expect_error(thrown_by([&] { value_of(text, "other"); }), Fault::kAlembicIniInvalid,
               "alembic.ini:4: other is not UTF-8", "save the file as UTF-8");
}

// Nine options that each repeat the next a thousand times: 10^27 bytes, were nobody to count.
string laughs(const string& end) {
  string text = "[alembic]\nkey = %(k1)s\n";
  for (int i = 1; i < 9; ++i) {
    text += fmt::format("k{} = ", i);
    for (int j = 0; j < 1000; ++j) text += fmt::format("%(k{})s", i + 1);
    text += '\n';
  }
  return text + "k9 = " + end + "\n";
}

TEST(IniFile, ValueThatGrowsWithoutBoundIsRefusedSoon) {
  expect_error(refusal(laughs(string(2000, 'x'))), Fault::kAlembicIniInvalid,
               "alembic.ini:2: key is too long once its %(...)s are filled in",
               "look for options that repeat each other");
  expect_error(refusal(laughs("")), Fault::kAlembicIniInvalid,
               "alembic.ini:2: key refers to too many other options",
               "look for options that repeat each other");
}

TEST(IniFile, LongNameInAMessageIsCutBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "\xC3\xA9";
  const string message = refusal("[alembic]\nkey = %(" + name + ")s\n").what();
  EXPECT_EQ(message, "alembic.ini:2: key refers to %(" + name.substr(0, 120) +
                         "...)s, which is set neither in [alembic] nor in [DEFAULT]");
}

TEST(IniFile, TerminalEscapesInNamesAreShownAsText) {
  EXPECT_EQ(string{refusal("[a\x1B[31m]\nk = 1\nk = 2\n").what()},
            "alembic.ini:3: option 'k' of [a\\x1b[31m] is already at line 2");
}

}  // namespace
}  // namespace drift::migrations
