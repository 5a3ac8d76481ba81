#include "drift/schema/catalog/query_snapshot.h"

#include <gtest/gtest.h>

namespace drift::schema {
namespace {

TEST(WrappedQuestion, BeginsWithSelectAndSetsWhatDeparsingAsksForBeforeTheQuestionRuns) {
  const std::string sql = wrapped_question("SELECT 'a$1' AS schema", 0, 1);
  EXPECT_TRUE(sql.starts_with("SELECT pg_catalog.query_to_xml("));
  EXPECT_LT(sql.find("set_config('search_path', '', true)"), sql.find("SELECT 'a$1' AS schema"));
  EXPECT_EQ(sql.find("hashtext"), std::string::npos);
}

TEST(WrappedQuestion, OfSeveralPartsEachHasThoseObjectsWhoseHashIsItsOwn) {
  EXPECT_NE(wrapped_question("SELECT 1", 2, 5).find("% 5 = 2"), std::string::npos);
}

TEST(UnwrappedAnswer, IsWhatPostgresEscaped) {
  EXPECT_EQ(unwrapped_answer("<table>\n<row>\n  <j>{\"a\":\"&lt;j&gt; &amp;amp; &#x0d;\"}</j>\n"
                             "</row>\n</table>\n"),
            "{\"a\":\"<j> &amp; \r\"}");
}

TEST(UnwrappedAnswer, IsNothingForWhatIsNoAnswer) {
  for (const char* xml : {"", "<table></table>", "<j>", "</j><j>", "<j>&quot;</j>", "<j>&</j>"}) {
    EXPECT_EQ(unwrapped_answer(xml), "") << xml;
  }
}

}  // namespace
}  // namespace drift::schema
