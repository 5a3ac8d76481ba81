#include "drift/query/shown_parameters.h"

#include <gtest/gtest.h>

namespace drift::query {
namespace {

TEST(ShownParameters, EachHasALine) {
  EXPECT_EQ(with_parameters("DELETE FROM t WHERE a = $1 AND b = $2", {"7", "x y"}),
            "DELETE FROM t WHERE a = $1 AND b = $2\n\n$1 = 7\n$2 = x y");
}

TEST(ShownParameters, NoneAddNothing) { EXPECT_EQ(with_parameters("SELECT 1", {}), "SELECT 1"); }

TEST(ShownParameters, AValueCannotLookLikeTwo) {
  EXPECT_EQ(with_parameters("SELECT $1", {"a\n$2 = b"}), "SELECT $1\n\n$1 = a\\n$2 = b");
}

TEST(ShownToConfirm, NamesStandWithTheirValuesWhereThereAreSome) {
  Request request;
  request.statement = "DELETE FROM t WHERE a = $1";
  request.written = "DELETE FROM t WHERE a = :a";
  request.params = {"7"};
  EXPECT_EQ(shown_to_confirm(request), "DELETE FROM t WHERE a = $1\n\n$1 = 7");
  request.params.clear();
  EXPECT_EQ(shown_to_confirm(request), "DELETE FROM t WHERE a = :a");
  request.written.clear();
  EXPECT_EQ(shown_to_confirm(request), "DELETE FROM t WHERE a = $1");
}

}  // namespace
}  // namespace drift::query
