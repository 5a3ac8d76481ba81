#include "drift/sql_api/reading.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::sql_api {
namespace {

TEST(PageCursor, IsGoodForItsOwnReadAlone) {
  const PagedRead read{"app", "SELECT 1", "null"};
  EXPECT_EQ(position_of(page_cursor(read, 42), read), 42U);
  for (const PagedRead& other :
       {PagedRead{"ap", "pSELECT 1", "null"}, PagedRead{"app", "SELECT 1n", "ull"}}) {
    EXPECT_STREQ(thrown_by([&] { position_of(page_cursor(read, 42), other); }).what(),
                 "the cursor does not belong to this statement");
  }
}

}  // namespace
}  // namespace drift::sql_api
