#include <gtest/gtest.h>

#include "drift/base/text.h"
#include "tests/drift/report/formats/outputs.h"

namespace drift::report {
namespace {

TEST(Markdown, ATableOfFindingsAndWhatIsNotKnown) {
  EXPECT_EQ(to_markdown(one_of_each()),
            "### schema diff: drift: 1 difference\n\n"
            "- expected: <code>ci.json</code>\n\n"
            "| | what | where | details |\n|---|---|---|---|\n"
            "| **fails** | missing column | <code>app.t.a</code> | expected: <code>text</code> |\n"
            "| warning | changed table | <code>app.t</code> | expected: <code>text</code> |\n"
            "| ignored | changed table | <code>app.t</code> | expected: <code>text</code><br>known "
            "|\n\n"
            "- index: not checked: locked\n"
            "- view definition: not checked: two versions\n"
            "- warning: a rule matches nothing\n");
}

TEST(Markdown, NoTextIsReadAsStructure) {
  const std::string text = to_markdown(hostile());
  for (const char* piece : {"a\"", "`", "<b>", "]]", "[x]", "\\", "#@", "@me", "*_"}) {
    EXPECT_EQ(text.find(piece), std::string::npos) << piece;
  }
  // Each row has the five bars of its table, and those of texts are written by their number.
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with("| ")) continue;
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 5) << line;
  }
}

TEST(Markdown, AnUnderlineWithinAWordStays) {
  Output output = one_of_each();
  output.findings.front().name = "app.user_id_";
  EXPECT_NE(to_markdown(output).find("<code>app.user_id&#95;</code>"), std::string::npos);
}

TEST(Markdown, OfManyFindingsTheFirstHundred) {
  Output output = one_of_each();
  output.findings.resize(103, output.findings.front());
  const std::string text = to_markdown(output);
  EXPECT_NE(text.find("\nand 3 more\n"), std::string::npos);
}

}  // namespace
}  // namespace drift::report
