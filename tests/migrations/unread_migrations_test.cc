#include "migrations/unread_migrations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "migrations/module_sources.h"
#include "tests/migrations/script_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;

const Stop kNoStop;

// "1a" and "2b", which follows it and is labelled "core", were read from v.
class UnreadMigrationsOf : public testing::Test {
 protected:
  UnreadMigrationsOf() {
    read.resize(2);
    read[0].id = "1a";
    read[0].path = "v/1a.py";
    read[1].id = "2b";
    read[1].path = "v/2b.py";
    read[1].down_revisions = {"1a"};
    read[1].branch_labels = {"core"};
  }

  UnreadMigrations find(const Strings& folders, const Strings& locations = {"v"}) {
    const GitTree tree = repository.tree();
    ModuleSources modules(tree, {""});
    return find_unread_migrations(tree, folders, locations, read, modules, kNoStop);
  }

  // How a file of that text, in a subfolder, goes on from what was read.
  std::string tie(const std::string& text) {
    repository.write("v/sub/x.py", text);
    const UnreadMigrations found = find({"v/sub"});
    if (!found.tie) return "none of " + std::to_string(found.count);
    EXPECT_EQ(found.tie->path, "v/sub/x.py");
    return found.tie->variable + " " + found.tie->name;
  }

  ScriptRepository repository;
  std::vector<Revision> read;
};

TEST_F(UnreadMigrationsOf, AFolderAreKnownByTheirWords) {
  repository.write("v/sub/tool.py", "def f(): pass\n");
  repository.write("v/sub/notes.txt", "down_revision = '1a'\n");
  repository.write("v/sub/__init__.py", "down_revision = '1a'\n");
  repository.write("v/sub/__pycache__/x.py", "down_revision = '1a'\n");
  EXPECT_EQ(find({"v/sub"}).count, 0u);
  repository.write_migration("v/sub/12/9.py", "9");
  repository.write_migration("v/sub/8.py", "8");
  const UnreadMigrations found = find({"v/sub"});
  EXPECT_EQ(found.count, 2u);
  EXPECT_EQ(found.first, "v/sub/8.py");
  EXPECT_TRUE(found.searched_all);
  EXPECT_FALSE(found.tie);
}

TEST_F(UnreadMigrationsOf, FoldersThatAreReadAreNone) {
  repository.write_migration("v/core/3c.py", "3c", "'2b'");
  EXPECT_EQ(find({"v/core"}, {"v", "v/core"}).count, 0u);
}

TEST_F(UnreadMigrationsOf, FileThatWasReadByASymlinkIsNone) {
  repository.write_migration("v/sub/1a.py", "1a");
  read[0].path = "v/sub/1a.py";
  EXPECT_EQ(find({"v/sub"}).count, 0u);
}

TEST_F(UnreadMigrationsOf, ParentOrDependencyThatWasReadIsATie) {
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = '2b'\n"), "down_revision 2b");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = ('9', '1a')\n"), "down_revision 1a");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = None\ndepends_on = '2b'\n"), "depends_on 2b");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = None\ndepends_on = 'core'\n"), "depends_on core");
}

// What was squashed away, and what belongs to another database.
TEST_F(UnreadMigrationsOf, HistoryOfItsOwnIsNoTie) {
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = None\n"), "none of 1");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = '9'\ndepends_on = '8'\n"), "none of 1");
  EXPECT_EQ(tie("revision = '1a'\ndown_revision = '9'\n"), "none of 1");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = 'core'\n"), "none of 1") << "a label, no parent";
  EXPECT_EQ(tie("'down_revision was 2b'\nrevision = '3c'\ndown_revision = '9'\n"), "none of 1");
}

TEST_F(UnreadMigrationsOf, CopyOfWhatWasReadIsNoTieUnlessItSaysAnother) {
  EXPECT_EQ(tie("revision = '2b'\ndown_revision = ('1a',)\n"), "none of 1");
  EXPECT_EQ(tie("revision = '2b'\ndown_revision = '1a'\ndepends_on = '1a'\n"), "down_revision 1a");
  EXPECT_EQ(tie("revision = '1a'\ndown_revision = '2b'\n"), "down_revision 2b");
}

TEST_F(UnreadMigrationsOf, TextDecidesWhereNothingCanBeEvaluated) {
  EXPECT_EQ(tie("revision = (\ndown_revision = '1a'\n"), "down_revision 1a");
  EXPECT_EQ(tie("<<<<<<< x\ndown_revision: str = \"1a\"\n"), "down_revision 1a");
  EXPECT_EQ(tie("print 'a\n  down_revision = (\n  '9',\n  '2b',\n)"), "down_revision 2b");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = pick('1a', '9')\n"), "down_revision 1a");
  EXPECT_EQ(tie("revision = '3c'\ndown_revision = f()\ndepends_on = ['core']\n"),
            "depends_on core");
  EXPECT_EQ(tie("revision = (\ndown_revision = '9'\n"), "none of 1");
  EXPECT_EQ(tie("revision = (\ndown_revision\n# old_down_revision = '1a'\n"), "none of 1");
  EXPECT_EQ(tie("x = '\ndown_revision = '1a\ndepends_on = ("), "none of 1");
}

TEST_F(UnreadMigrationsOf, StopEndsTheSearch) {
  repository.write_migration("v/sub/9.py", "9");
  const GitTree tree = repository.tree();
  ModuleSources modules(tree, {""});
  Stop stop;
  stop.request();
  EXPECT_EQ(
      thrown_by([&] { find_unread_migrations(tree, {"v/sub"}, {"v"}, read, modules, stop); }).fault,
      Fault::kInterrupted);
}

}  // namespace
}  // namespace drift::migrations
