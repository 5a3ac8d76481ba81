#include "migrations/git/tree_path.h"

#include <gtest/gtest.h>

namespace drift::migrations {
namespace {

TEST(TreePath, DotsAreResolvedByTheirNames) {
  EXPECT_EQ(resolved("a/b", "../c/./d//"), "a/c/d");
  EXPECT_EQ(resolved("", "."), "");
  EXPECT_EQ(resolved("a", ""), "a");
  EXPECT_EQ(resolved("a", ".."), "");
}

TEST(TreePath, NoPathLeadsOutOfTheTree) {
  EXPECT_EQ(resolved("a", "../.."), std::nullopt);
  EXPECT_EQ(resolved("", "a/../../a"), std::nullopt);
}

TEST(TreePath, PartsOfAPathAtTheRootAndBelow) {
  EXPECT_EQ(joined("", "a"), "a");
  EXPECT_EQ(joined("a", ""), "a");
  EXPECT_EQ(joined("a", "b"), "a/b");
  EXPECT_EQ(parent_of("a/b/c"), "a/b");
  EXPECT_EQ(parent_of("a"), "");
  EXPECT_EQ(base_name("a/b"), "b");
  EXPECT_EQ(base_name("a"), "a");
  EXPECT_EQ(folder_name(""), "the root of the repository");
}

}  // namespace
}  // namespace drift::migrations
