#include <gtest/gtest.h>

#include "tests/drift/report/formats/outputs.h"

namespace drift::report {
namespace {

TEST(Junit, CasesAreCountedByWhatBecameOfThem) {
  const std::string xml = to_junit(one_of_each());
  EXPECT_NE(xml.find("<testsuite name=\"schema diff\" tests=\"6\" failures=\"1\" errors=\"1\" "
                     "skipped=\"2\""),
            std::string::npos)
      << xml;
}

TEST(Junit, AFailureHasItsDetails) {
  EXPECT_NE(to_junit(one_of_each())
                .find("<testcase classname=\"missing-column\" name=\"app.t.a\" time=\"0\">\n"
                      "      <failure message=\"missing: column app.t.a\" type=\"missing-column\">"
                      "missing: column app.t.a\nexpected: text\nfingerprint: 0123456789abcdef"
                      "</failure>"),
            std::string::npos);
}

TEST(Junit, AWarningPassesAndSaysWhat) {
  const std::string xml = to_junit(one_of_each());
  EXPECT_NE(xml.find("<system-out>missing: column app.t.a\nexpected: text"), std::string::npos);
  EXPECT_NE(xml.find("<skipped message=\"known\"/>"), std::string::npos);
}

TEST(Junit, WhatWasNotCheckedIsAnErrorWhereItCounts) {
  const std::string xml = to_junit(one_of_each());
  EXPECT_NE(xml.find("<error message=\"not checked: locked\" type=\"not-checked\"/>"),
            std::string::npos);
  EXPECT_NE(xml.find("<skipped message=\"not checked: two versions\"/>"), std::string::npos);
}

TEST(Junit, NothingEndsAnElementBeforeItsTime) {
  const std::string xml = to_junit(hostile());
  EXPECT_EQ(xml.find("]]>"), std::string::npos);
  EXPECT_EQ(xml.find("<b>"), std::string::npos);
  EXPECT_EQ(xml.find('\x01'), std::string::npos);
  EXPECT_EQ(xml.find("\xef\xbf\xbe"), std::string::npos);
  EXPECT_NE(xml.find("\\ufffe"), std::string::npos);
}

}  // namespace
}  // namespace drift::report
