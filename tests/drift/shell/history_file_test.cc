#include "drift/shell/history_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace drift::shell {
namespace {

TEST(MayBeKept, IsNoLineOfAStatementWithAPassword) {
  EXPECT_TRUE(may_be_kept({"SELECT 1;"}));
  EXPECT_TRUE(may_be_kept({"SELECT password FROM users;"}));
  EXPECT_FALSE(may_be_kept({"CREATE ROLE x", "PASSWORD 'abc';"}));
  EXPECT_FALSE(may_be_kept({"SELECT dblink('postgresql://a:b@example.com/c');"}));
  EXPECT_FALSE(may_be_kept({"\\set key abc"}));
  EXPECT_FALSE(may_be_kept({" ", ""}));
}

TEST(HistoryFile, KeepsNothingWithoutAFolder) {
  const HistoryFile history("");
  EXPECT_EQ(history.add({"SELECT 1;"}), "");
  EXPECT_TRUE(history.lines().empty());
}

TEST(HistoryFile, KeepsTheNewestLines) {
  const TemporaryFolder folder;
  const HistoryFile history(folder.path("made"));
  EXPECT_TRUE(history.lines().empty());
  for (int i = 0; i < 1'100; ++i) EXPECT_EQ(history.add({"SELECT " + std::to_string(i) + ";"}), "");
  const auto lines = history.lines();
  ASSERT_EQ(lines.size(), 1'000u);
  EXPECT_EQ(lines.back(), "SELECT 1099;");
}

TEST(HistoryFile, BeginsAnewBeforeItIsLarge) {
  const TemporaryFolder folder;
  const std::string name = folder.path("query_history");
  std::ofstream(name) << std::string(1u << 20, 'x') << "\nSELECT 'old';\n";
  ::chmod(folder.path().c_str(), 0700);
  const HistoryFile history(folder.path());
  EXPECT_EQ(history.add({"SELECT 'new';"}), "");
  EXPECT_EQ(history.lines(), (std::vector<std::string>{"SELECT 'old';", "SELECT 'new';"}));
  struct stat found {};
  ASSERT_EQ(::stat(name.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace drift::shell
