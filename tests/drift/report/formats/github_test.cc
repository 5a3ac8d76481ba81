#include <gtest/gtest.h>

#include "drift/report/formats/output.h"

namespace drift::report {
namespace {

Output with(OutputFinding finding) {
  Output output;
  output.title = "explain";
  output.verdict = "1 high";
  output.findings.push_back(std::move(finding));
  return output;
}

TEST(Github, AFindingIsAnAnnotationOfItsLine) {
  OutputFinding finding;
  finding.rule = "create-index";
  finding.message = "100%: slow";
  finding.file = "a,b:c.py";
  finding.line = 3;
  EXPECT_EQ(to_github(with(finding)),
            "::error file=a%2Cb%3Ac.py,line=3,title=create-index::100%25: slow\n"
            "::notice ::explain: 1 high\n");
}

TEST(Github, WhatIsSuppressedIsLeftOut) {
  OutputFinding finding;
  finding.suppressed = "why";
  EXPECT_EQ(to_github(with(finding)), "::notice ::explain: 1 high\n");
}

TEST(Github, ALineBreakEndsNoCommand) {
  OutputFinding finding;
  finding.rule = "x";
  finding.level = Level::kNote;
  finding.message = "a\n::error::b";
  EXPECT_EQ(to_github(with(finding)),
            "::notice title=x::a\\n::error::b\n::notice ::explain: 1 high\n");
}

}  // namespace
}  // namespace drift::report
