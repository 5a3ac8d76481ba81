#include "migrations/alembic/version_files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/migrations/script_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;

const Stop kNoStop;

TEST(VersionFiles, NamesThatCountAreThoseOfAlembicsPattern) {
  for (const char* name :
       {"a.py", ".hid.py", "a b.py", "1.2.py", ".py", "é.py", "x.py\n", "_init__.py", "#a.py"}) {
    EXPECT_TRUE(counts_as_migration(name)) << name;
  }
  for (const char* name : {"__init__.py", "__init__x.py", ".#a.py", "a.PY", "a.py~", "a.pyc",
                           "a.py.bak", "a\nb.py", "py", "", "x.py\n\n"}) {
    EXPECT_FALSE(counts_as_migration(name)) << name;
  }
}

class VersionFilesOf : public testing::Test {
 protected:
  VersionFiles list(const Strings& folders, bool recursive = false, bool sourceless = false) {
    const GitTree tree = repository.tree();
    return list_version_files(tree, folders, recursive, sourceless, kNoStop);
  }

  static Strings paths(const VersionFiles& listed) {
    Strings result;
    for (const VersionFile& file : listed.files) result.push_back(file.path);
    return result;
  }

  ScriptRepository repository;
};

TEST_F(VersionFilesOf, AFolderAreItsOwnSortedByName) {
  for (const char* name :
       {"b.py", "a.py", "B.py", ".hid.py", "__init__.py", "README", "sub/c.py"}) {
    repository.write(std::string{"v/"} + name, "");
  }
  const VersionFiles listed = list({"v"});
  EXPECT_EQ(paths(listed), (Strings{"v/.hid.py", "v/B.py", "v/a.py", "v/b.py"}));
  EXPECT_EQ(listed.skipped_folders, Strings{"v/sub"});
  EXPECT_TRUE(listed.warnings.empty());
}

TEST_F(VersionFilesOf, FoldersWithinEachOtherComeInAlembicsOrder) {
  for (const char* name : {"z.py", "b/2.py", "b/a/1.py", "a/3.py", ".hid/4.py", "__pycache__/no.py",
                           "my__pycache__/no.py", "__pycache__/sub/5.py"}) {
    repository.write(std::string{"v/"} + name, "");
  }
  // A file below a __pycache__ counts where its own folder has another name: Alembic passes over
  // the folder's files but walks on.
  EXPECT_EQ(paths(list({"v"}, true)), (Strings{"v/z.py", "v/.hid/4.py", "v/__pycache__/sub/5.py",
                                               "v/a/3.py", "v/b/2.py", "v/b/a/1.py"}));
}

TEST_F(VersionFilesOf, SeveralFoldersComeInTheOrderGivenAndEachFileOnce) {
  repository.write("w/a.py", "");
  repository.write("v/b.py", "");
  repository.write("v/c.py", "");
  const VersionFiles listed = list({"w", "v", "v"});
  EXPECT_EQ(paths(listed), (Strings{"w/a.py", "v/b.py", "v/c.py"}));
  EXPECT_EQ(listed.warnings, (Strings{"2 files under v were reached twice and read once: make "
                                      "version_locations distinct"}));
}

TEST_F(VersionFilesOf, SymlinkedFileIsTheFileItPointsAt) {
  repository.write("v/a.py", "");
  repository.write("shared/b.py", "");
  repository.write("shared/notes.txt", "");
  repository.shell(
      "cd v; ln -s a.py again.py; ln -s ../shared/b.py plain; ln -s ../shared/notes.txt c.py; "
      "ln -s ../shared d.py");
  const VersionFiles listed = list({"v"});
  // "plain" leads to a .py file and counts, "c.py" does not: the target's name decides.
  EXPECT_EQ(paths(listed), (Strings{"v/a.py", "shared/b.py"}));
  EXPECT_EQ(listed.warnings, (Strings{"1 file under v was reached twice and read once: make "
                                      "version_locations distinct"}));
  EXPECT_TRUE(listed.problems.empty());
}

TEST_F(VersionFilesOf, SymlinkedFolderIsReadWhereGivenAndNotDescendedInto) {
  repository.write("v/a.py", "");
  repository.write("w/b.py", "");
  repository.shell("ln -s v link; ln -s ../w v/inside");
  EXPECT_EQ(paths(list({"link"}, true)), Strings{"v/a.py"});
  const VersionFiles twice = list({"v", "link"});
  EXPECT_EQ(paths(twice), Strings{"v/a.py"});
  EXPECT_EQ(twice.warnings, (Strings{"1 file under link was reached twice and read once: make "
                                     "version_locations distinct"}));
}

TEST_F(VersionFilesOf, SymlinkThatLeadsNowhereIsAProblemWhereItsNameCounts) {
  repository.shell("mkdir v; ln -s /etc/passwd v/a.py; ln -s gone v/notes");
  const VersionFiles listed = list({"v"});
  ASSERT_EQ(listed.problems.size(), 1u);
  EXPECT_EQ(fault_name(listed.problems[0].kind), "unsupported");
  EXPECT_EQ(listed.problems[0].message,
            "v/a.py: the symbolic link does not lead to a file of this repository");
  EXPECT_EQ(listed.problems[0].hint, "commit the file itself");
  EXPECT_EQ(listed.problems[0].files, Strings{"v/a.py"});
}

TEST_F(VersionFilesOf, NamesThatPythonCannotLoadAreProblems) {
  repository.write("v/a.py", "");
  repository.write("v/.py", "");
  repository.commit();
  // Past the work tree: not every file system takes such a name.
  repository.shell(
      "printf '100644 %s\\tv/b.py\\n\\0' $(git rev-parse HEAD:v/a.py) | "
      "git update-index -z --index-info; git commit -q -m newline");
  const VersionFiles listed = list_version_files(repository.head(), {"v"}, false, false, kNoStop);
  EXPECT_EQ(paths(listed), Strings{"v/a.py"});
  ASSERT_EQ(listed.problems.size(), 2u);
  EXPECT_EQ(listed.problems[0].message, "v/.py: no module can have this name");
  EXPECT_EQ(listed.problems[1].message, "v/b.py\\n: no module can have this name");
  EXPECT_EQ(listed.problems[1].hint, "Alembic refuses it too: rename the file");
}

TEST_F(VersionFilesOf, SubmoduleBelowARecursiveFolderIsRefused) {
  repository.write("v/a.py", "");
  const std::string commit = repository.commit();
  repository.git("update-index --add --cacheinfo 160000," + commit + ",v/other");
  repository.shell("mkdir v/other");
  repository.git("commit -q -m submodule");
  const GitTree tree = repository.head();
  EXPECT_EQ(paths(list_version_files(tree, {"v"}, false, false, kNoStop)), Strings{"v/a.py"});
  expect_error(
      thrown_by([&] { list_version_files(tree, {"v"}, true, false, kNoStop); }),
      Fault::kUnsupported, "v/other is a submodule: its migrations are in another repository",
      "a run reads one repository: keep the migrations in it, or name the other folders with "
      "--versions-path");
}

TEST_F(VersionFilesOf, CompiledFilesBesideTheirSourcesDoNotMatter) {
  repository.write("v/a.py", "");
  repository.write("v/a.pyc", "");
  repository.write("v/__init__.pyc", "");
  repository.write("v/__pycache__/a.cpython-311.pyc", "");
  EXPECT_EQ(paths(list({"v"}, false, true)), Strings{"v/a.py"});
}

TEST_F(VersionFilesOf, OrphanedCompiledFileIsRefusedWhereSourcelessIsSet) {
  const std::string hint =
      "sourceless = true makes Alembic load it, but only sources can be read here: commit the .py "
      "file";
  repository.write("v/a.py", "");
  repository.write("v/b.pyc", "");
  repository.write("w/__pycache__/c.cpython-311.pyc", "");
  EXPECT_EQ(paths(list({"v", "w"})), Strings{"v/a.py"});
  expect_error(thrown_by([&] { list({"v"}, false, true); }), Fault::kUnsupported,
               "v/b.pyc is a compiled migration without its source", hint);
  expect_error(thrown_by([&] { list({"w"}, false, true); }), Fault::kUnsupported,
               "w/__pycache__/c.cpython-311.pyc is a compiled migration without its source", hint);
}

TEST_F(VersionFilesOf, StopEndsTheListing) {
  repository.write("v/a.py", "");
  const GitTree tree = repository.tree();
  Stop stop;
  stop.request();
  EXPECT_EQ(thrown_by([&] { list_version_files(tree, {"v"}, false, false, stop); }).fault,
            Fault::kInterrupted);
}

}  // namespace
}  // namespace drift::migrations
