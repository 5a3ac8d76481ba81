#include "drift/report/page.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

TEST(Page, TextsAreEscapedForHtmlAndXml) {
  EXPECT_EQ(html_escaped("<a b='c' d=\"e\">&\n\x01"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\\n\\x01");
  EXPECT_EQ(html_escaped("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"), "\\ufffe\\uffff\xef\xbf\xbd");
}

TEST(Page, NothingMayBeFetchedOrRun) {
  const std::string page = page_begin("a < b");
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(page.find("<title>a &lt; b</title>"), std::string::npos);
}

}  // namespace
}  // namespace drift::report
