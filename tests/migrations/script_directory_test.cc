#include "migrations/script_directory.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/migrations/script_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;

const Stop kNoStop;

class ScriptDirectoryOf : public testing::Test {
 protected:
  ScriptDirectory read(const ScriptSettings& settings = {}) {
    const GitTree tree = repository.tree();
    return read_script_directory(tree, settings, kNoStop);
  }

  static Strings ids(const ScriptDirectory& directory) {
    Strings result;
    for (const Revision& revision : directory.revisions) result.push_back(revision.id);
    return result;
  }

  ScriptRepository repository;
};

TEST_F(ScriptDirectoryOf, ARepositoryHoldsItsRevisions) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/1a_first.py", "1a");
  repository.write_migration("db/versions/2b_second.py", "2b", "'1a'");
  repository.write("db/versions/__init__.py", "");
  const ScriptDirectory directory = read();
  EXPECT_EQ(directory.script_location, "db");
  EXPECT_EQ(directory.version_locations, Strings{"db/versions"});
  EXPECT_TRUE(directory.problems.empty());
  EXPECT_TRUE(directory.warnings.empty());
  ASSERT_EQ(ids(directory), (Strings{"1a", "2b"}));
  const Revision& second = directory.revisions[1];
  EXPECT_EQ(second.down_revisions, Strings{"1a"});
  EXPECT_EQ(second.path, "db/versions/2b_second.py");
  EXPECT_EQ(second.message, "Change 2b");
  EXPECT_EQ(second.create_date, "2026-01-02 03:04:05");
}

TEST_F(ScriptDirectoryOf, FilesThatCannotBeReadAreAllReportedInTheOrderOfTheirNames) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write("db/versions/c.py", "revision = 'c'\ndown_revision = 'b\n");
  repository.write("db/versions/b.py", "revision = 'b'\ndown_revision = newest()\n");
  repository.write("db/versions/a.py", "def helper(): pass\ndown_revision = None\n");
  repository.write_migration("db/versions/d.py", "d");
  const ScriptDirectory directory = read();
  EXPECT_EQ(ids(directory), (Strings{"a", "d"}));  // "a.py" is a legacy name
  ASSERT_EQ(directory.problems.size(), 2u);
  EXPECT_EQ(directory.problems[0].message,
            "db/versions/b.py:2: cannot know down_revision without running the file: "
            "down_revision = newest()");
  EXPECT_EQ(directory.problems[1].message.rfind("db/versions/c.py:2: ", 0), 0u)
      << directory.problems[1].message;
}

TEST_F(ScriptDirectoryOf, ConstantOfAnotherModuleOfTheTreeIsKnown) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\nprepend_sys_path = .\n");
  repository.write("app/cli.py", "EXPAND_BRANCH = 'expand'\n");
  repository.write("db/versions/1a.py",
                   "from app import cli\nrevision = '1a'\ndown_revision = None\n"
                   "branch_labels = (cli.EXPAND_BRANCH,)\n");
  const ScriptDirectory directory = read();
  EXPECT_TRUE(directory.warnings.empty());
  ASSERT_EQ(directory.revisions.size(), 1u);
  EXPECT_EQ(directory.revisions[0].branch_labels, Strings{"expand"});
}

TEST_F(ScriptDirectoryOf, RecursiveVersionLocationsReadAllBelow) {
  repository.write("alembic.ini",
                   "[alembic]\nscript_location = db\nrecursive_version_locations = true\n");
  repository.write_migration("db/versions/2025/1a.py", "1a");
  repository.write_migration("db/versions/2026/2b.py", "2b", "'1a'");
  EXPECT_EQ(ids(read()), (Strings{"1a", "2b"}));
}

TEST_F(ScriptDirectoryOf, MigrationThatIsNotReadAndGoesOnFromOneThatIsMakesTheGraphDoubtful) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/1a.py", "1a");
  repository.write_migration("db/versions/2026/2b.py", "2b", "'1a'");
  const ScriptDirectory directory = read();
  EXPECT_EQ(ids(directory), Strings{"1a"});
  EXPECT_TRUE(directory.warnings.empty());
  ASSERT_EQ(directory.problems.size(), 1u);
  const Problem& problem = directory.problems.front();
  EXPECT_EQ(fault_name(problem.kind), "incomplete_graph");
  EXPECT_EQ(problem.message,
            "db/versions/2026/2b.py: down_revision names '1a', but the file is not read: it is in "
            "a subfolder");
  EXPECT_EQ(problem.hint,
            "set recursive_version_locations = true (or pass --recursive-version-locations), or "
            "name its folder in version_locations or with --versions-path; if Alembic does not "
            "read it either, move it out of the versions folder");
  EXPECT_EQ(problem.files, Strings{"db/versions/2026/2b.py"});
}

TEST_F(ScriptDirectoryOf, DoubtOfManyFilesIsToldOnceWithTheirNumber) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/1a.py", "1a");
  repository.write_migration("db/versions/2025/0.py", "0", "'00'");
  repository.write_migration("db/versions/2026/a/2b.py", "2b", "'1a'");
  repository.write_migration("db/versions/2026/b/3c.py", "3c", "'1a'");
  const ScriptDirectory directory = read();
  EXPECT_TRUE(directory.warnings.empty());
  ASSERT_EQ(directory.problems.size(), 1u);
  EXPECT_EQ(directory.problems[0].message,
            "db/versions/2026/a/2b.py: down_revision names '1a', but the file is not read: it and "
            "2 more files that look like migrations are in subfolders");
}

TEST_F(ScriptDirectoryOf, MigrationsInSubfoldersOnTheirOwnAreOneWarning) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/1a.py", "1a");
  repository.write_migration("db/versions/old/0.py", "0");
  EXPECT_EQ(read().warnings,
            (Strings{"db/versions/old/0.py looks like a migration and is not read: without "
                     "recursive_version_locations only the files right in a versions folder "
                     "count"}));
  repository.write_migration("db/versions/old/a/00.py", "00", "'0'");
  repository.write_migration("db/versions/past/000.py", "000", "'00'");
  const ScriptDirectory directory = read();
  EXPECT_TRUE(directory.problems.empty());
  EXPECT_EQ(directory.warnings,
            (Strings{"3 files in subfolders look like migrations and are not read, for instance "
                     "db/versions/old/0.py: without recursive_version_locations only the files "
                     "right in a versions folder count"}));
}

TEST_F(ScriptDirectoryOf, MoreSubfolderFilesThanAreLookedThroughAreSaid) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/1a.py", "1a");
  repository.commit();
  repository.shell(
      "blob=$(echo 'x = 1' | git hash-object -w --stdin); many=$(seq 20001 | awk -v b=$blob "
      "'{printf \"100644 blob %s\\tf%d.py\\n\", b, $1}' | git mktree); git read-tree "
      "--prefix=db/versions/many $many; git commit -q -m many");
  const GitTree tree = repository.head();
  const ScriptDirectory directory = read_script_directory(tree, {}, kNoStop);
  EXPECT_TRUE(directory.problems.empty());
  EXPECT_EQ(directory.warnings,
            (Strings{"the versions folders have more subfolders and files than were looked through "
                     "for migrations that are not read"}));
}

TEST_F(ScriptDirectoryOf, SubfolderThatIsItsOwnLocationIsNoWarning) {
  repository.write("alembic.ini",
                   "[alembic]\nscript_location = db\npath_separator = os\n"
                   "version_locations = %(here)s/db/versions:%(here)s/db/versions/core\n");
  repository.write_migration("db/versions/1a.py", "1a");
  repository.write_migration("db/versions/core/2b.py", "2b", "'1a'");
  const ScriptDirectory directory = read();
  EXPECT_EQ(ids(directory), (Strings{"1a", "2b"}));
  EXPECT_TRUE(directory.warnings.empty());
}

TEST_F(ScriptDirectoryOf, EmptyVersionsAreAnErrorNotAnEmptyGraph) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write("db/versions/.gitkeep", "");
  expect_error(
      thrown_by([&] { read(); }), Fault::kVersionsEmpty, "there is no migration in db/versions",
      "an empty set of migrations would match any empty database, so it is an error: check "
      "script_location and version_locations, or pass --versions-path");
}

TEST_F(ScriptDirectoryOf, EmptyVersionsWithMigrationsBelowSayHowToReadThem) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/2026/2b.py", "2b");
  expect_error(thrown_by([&] { read(); }), Fault::kVersionsEmpty,
               "there is no migration in db/versions",
               "db/versions/2026/2b.py is in a subfolder: set recursive_version_locations = true, "
               "or pass --recursive-version-locations");
}

TEST_F(ScriptDirectoryOf, SubmoduleInPlaceOfTheScriptDirectoryIsRefused) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  const std::string commit = repository.commit();
  repository.git("update-index --add --cacheinfo 160000," + commit + ",db");
  repository.shell("mkdir db; git commit -q -m submodule");
  const GitTree tree = repository.head();
  EXPECT_EQ(thrown_by([&] { read_script_directory(tree, {}, kNoStop); }).fault,
            Fault::kUnsupported);
}

TEST_F(ScriptDirectoryOf, StopEndsTheReading) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write_migration("db/versions/1a.py", "1a");
  const GitTree tree = repository.tree();
  Stop stop;
  stop.request();
  EXPECT_EQ(thrown_by([&] { read_script_directory(tree, {}, stop); }).fault, Fault::kInterrupted);
}

TEST_F(ScriptDirectoryOf, SymlinkedScriptDirectoryGivesRealPaths) {
  repository.write("alembic.ini", "[alembic]\nscript_location = link\n");
  repository.write_migration("db/versions/1a.py", "1a");
  repository.shell("ln -s db link");
  const ScriptDirectory directory = read();
  EXPECT_EQ(directory.script_location, "link");
  ASSERT_EQ(directory.revisions.size(), 1u);
  EXPECT_EQ(directory.revisions[0].path, "db/versions/1a.py");
}

}  // namespace
}  // namespace drift::migrations
