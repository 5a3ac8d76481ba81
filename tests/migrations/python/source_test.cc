#include "migrations/python/tokenizer.h"

#include <gtest/gtest.h>

#include <string>

namespace drift::migrations {
namespace {

std::string text(std::string_view bytes) {
  const PythonSource source = decode_python_source(bytes);
  if (source.error) return std::to_string(source.error->line) + ": " + source.error->message;
  return std::string(source.text());
}

TEST(PythonSource, EveryLineEndsInANewline) {
  EXPECT_EQ(text(""), "\n");
  EXPECT_EQ(text("a"), "a\n");
  EXPECT_EQ(text("a\r\nb\rc\n\r"), "a\nb\nc\n\n");
}

TEST(PythonSource, TextIsFollowedByPadding) {
  const PythonSource source = decode_python_source("a");
  ASSERT_EQ(source.buffer.size(), source.size + PythonSource::kPadding);
  EXPECT_EQ(source.buffer.substr(source.size), std::string(PythonSource::kPadding, '\0'));
}

TEST(PythonSource, MarkOfUtf8IsNoText) { EXPECT_EQ(text("\xef\xbb\xbfx"), "x\n"); }

TEST(PythonSource, CookieOfTheFirstTwoLinesCounts) {
  EXPECT_EQ(text("# coding: latin-1\n\xe9"), "# coding: latin-1\n\u00e9\n");
  EXPECT_EQ(text("#!python\r# -*- coding=cp1252 -*-\r\x80\x9f\xe9"),
            "#!python\n# -*- coding=cp1252 -*-\n\u20ac\u0178\u00e9\n");
  EXPECT_EQ(text("\f \t# vim: set fileencoding=ISO_8859-1 :\n\xe9"),
            "\f \t# vim: set fileencoding=ISO_8859-1 :\n\u00e9\n");
}

TEST(PythonSource, CookieMayNameLineEndsAsEmacsDoes) {
  for (const std::string name : {"utf-8-unix", "latin-1-unix", "iso-8859-1-dos", "l1"}) {
    EXPECT_EQ(text("# coding: " + name + "\nx"), "# coding: " + name + "\nx\n");
  }
  EXPECT_EQ(text("# coding: latin-1-mac\n\xe9"), "# coding: latin-1-mac\n\u00e9\n");
}

TEST(PythonSource, CookieElsewhereDoesNotCount) {
  EXPECT_EQ(text("x = 1\n# coding: latin-1\n\xe9"),
            "3: byte 0xe9 is not valid in the coding 'utf-8'");
  EXPECT_EQ(text("\n\n# coding: latin-1\n\xe9"), "4: byte 0xe9 is not valid in the coding 'utf-8'");
  EXPECT_EQ(text("x = '# coding: latin-1'"), "x = '# coding: latin-1'\n");
  EXPECT_EQ(text("# coding is a word"), "# coding is a word\n");
}

TEST(PythonSource, BytesThatTheCodingDoesNotAllowAreNamed) {
  EXPECT_EQ(text("# coding: ascii\nx\n\xe9"), "3: byte 0xe9 is not valid in the coding 'ascii'");
  EXPECT_EQ(text("# coding: cp1252\n\x81"), "2: byte 0x81 is not valid in the coding 'cp1252'");
  for (const char* wrong :
       {"\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe9"}) {
    EXPECT_TRUE(decode_python_source(wrong).error) << wrong;
  }
  EXPECT_EQ(text("\u00e9\u20ac\U0001F600"), "\u00e9\u20ac\U0001F600\n");
}

TEST(PythonSource, CodingsWeDoNotReadAreRefusedWhereItMatters) {
  EXPECT_EQ(text("# coding: koi8-r\nx"), "# coding: koi8-r\nx\n");
  EXPECT_EQ(text("# coding: koi8-r\n\xc1"), "1: unsupported coding 'koi8-r'");
  EXPECT_EQ(text("# coding: utf-16\nx"), "1: unsupported coding 'utf-16'");
}

TEST(PythonSource, MarkAndCookieMustAgree) {
  EXPECT_EQ(text("\xef\xbb\xbf# coding: latin-1"),
            "1: the file begins with a UTF-8 mark, yet names the coding 'latin-1'");
  EXPECT_EQ(text("\xef\xbb\xbf# coding: UTF8"), "# coding: UTF8\n");
}

TEST(PythonSource, NulByteIsRefused) {
  EXPECT_EQ(text(std::string_view("a\r\nb\0", 5)), "2: the file holds a NUL byte");
}

TEST(PythonSource, HugeFileIsRefused) {
  EXPECT_EQ(text(std::string(PythonSource::kMaxSize + 1, ' ')),
            "1: the file is larger than 32 MiB");
}

}  // namespace
}  // namespace drift::migrations
