#include <gtest/gtest.h>

#include "tests/drift/report/formats/outputs.h"

namespace drift::report {
namespace {

TEST(Html, FindingsStandInGroups) {
  const std::string html = to_html(one_of_each());
  EXPECT_NE(html.find("<li class=\"broken\"><b>1</b>fails</li>"), std::string::npos);
  EXPECT_NE(html.find("<li class=\"drift\"><b>1</b>to know</li>"), std::string::npos);
  EXPECT_NE(html.find("<li class=\"gap\"><b>1</b>ignored by rules</li>"), std::string::npos);
  EXPECT_NE(html.find("<li class=\"error\"><b>2</b>not checked</li>"), std::string::npos);
  EXPECT_NE(html.find("<p class=\"finding\">a rule matches nothing</p>"), std::string::npos);
}

TEST(Html, NoFindingIsSaidToo) {
  Output output = one_of_each();
  output.findings.clear();
  EXPECT_NE(to_html(output).find("<li class=\"synced\"><b>0</b>fails</li>"), std::string::npos);
}

TEST(Html, NoTextIsReadAsAnElement) {
  const std::string html = to_html(hostile());
  EXPECT_EQ(html.find("<b>&"), std::string::npos);
  EXPECT_NE(html.find("a&quot;&#39;&lt;b&gt;&amp;|`]]&gt;"), std::string::npos);
}

}  // namespace
}  // namespace drift::report
