#include "migrations/git/library.h"

#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

Names names(const std::optional<std::vector<TreeEntry>>& entries) {
  Names result;
  if (!entries) return {"(no folder)"};
  for (const TreeEntry& entry : *entries) result.push_back(entry.name);
  return result;
}

class Tree : public testing::Test {
 protected:
  GitTree tree() {
    repository.commit();
    return opened(repository.path()).tree_at("");
  }

  TemporaryRepository repository;
};

TEST_F(Tree, ListsAFolderByTheBytesOfItsNames) {
  for (const char* name : {"v/b.py", "v/a.py", "v/a/x", "v/a-b", "v/Z"}) repository.write(name, "");
  const GitTree root = tree();
  EXPECT_EQ(names(root.list("v")), (Names{"Z", "a", "a-b", "a.py", "b.py"}));
  EXPECT_EQ(names(root.list("")), (Names{"v"}));
  EXPECT_FALSE(root.list("v/nothing"));
  EXPECT_FALSE(root.list("v/a.py"));
  EXPECT_FALSE(root.list("v/a.py/x"));
}

TEST_F(Tree, ReadsAFileByItsPathAndByItsEntry) {
  const std::string bytes("\0\xff binary\r\n", 11);
  repository.write("v/a.py", bytes);
  repository.write("v/empty.py", "");
  const GitTree root = tree();
  EXPECT_EQ(root.read("v/a.py"), bytes);
  EXPECT_EQ(root.read("v/empty.py"), "");
  EXPECT_FALSE(root.read("v"));
  EXPECT_FALSE(root.read("v/none.py"));
  EXPECT_EQ(root.read(root.list("v")->front()), bytes);
}

TEST_F(Tree, AnEntryIsGivenWithoutFollowingIt) {
  repository.write("v/a.py", "");
  repository.shell("ln -s v w; ln -s a.py v/link.py");
  const GitTree root = tree();
  EXPECT_EQ(root.entry("v")->kind, TreeEntry::Kind::kDirectory);
  EXPECT_EQ(root.entry("v/a.py")->kind, TreeEntry::Kind::kFile);
  EXPECT_EQ(root.entry("w")->kind, TreeEntry::Kind::kSymlink);
  EXPECT_EQ(root.entry("w/link.py")->kind, TreeEntry::Kind::kSymlink);
  EXPECT_EQ(root.entry("w/link.py")->name, "link.py");
  EXPECT_EQ(root.entry("")->kind, TreeEntry::Kind::kDirectory);
  EXPECT_FALSE(root.entry("x"));
}

TEST_F(Tree, FollowsSymlinksFromTheFolderTheyLieIn) {
  repository.write("shared/versions/a.py", "a");
  repository.shell("mkdir -p app/migrations; ln -s ../../shared/versions app/migrations/versions");
  repository.shell("ln -s ../shared app/one; ln -s one/versions/a.py app/two");
  const GitTree root = tree();
  EXPECT_EQ(names(root.list("app/migrations/versions")), (Names{"a.py"}));
  EXPECT_EQ(root.read("app/migrations/versions/a.py"), "a");
  EXPECT_EQ(root.read("app/two"), "a");
  EXPECT_EQ(root.real_path("app/migrations/versions/a.py"), "shared/versions/a.py");
  EXPECT_EQ(root.real_path("app/two"), "shared/versions/a.py");
  // As in a file system: ".." leaves the folder that the link led to.
  EXPECT_EQ(root.real_path("app/migrations/versions/.."), "shared");
}

TEST_F(Tree, ALinkThatLeavesTheTreeLeadsNowhere) {
  repository.shell("ln -s /etc absolute; ln -s ../../etc outside; ln -s nothing dangling");
  const GitTree root = tree();
  for (const std::string link : {"absolute", "outside", "dangling", "absolute/passwd"}) {
    EXPECT_FALSE(root.real_path(link)) << link;
    EXPECT_FALSE(root.read(link)) << link;
    EXPECT_FALSE(root.list(link)) << link;
  }
}

TEST_F(Tree, LinksInACircleLeadNowhere) {
  repository.shell("ln -s b a; ln -s a b; ln -s . self; ln -s deep/x deep");
  const GitTree root = tree();
  EXPECT_FALSE(root.real_path("a"));
  EXPECT_FALSE(root.real_path("deep"));
  EXPECT_EQ(root.real_path("self/self/self"), "");
}

TEST_F(Tree, ChainsOfUpToFortyLinksAreFollowed) {
  repository.write("f0", "end");
  repository.shell("for i in $(seq 1 41); do ln -s f$((i-1)) f$i; done");
  const GitTree root = tree();
  EXPECT_EQ(root.read("f40"), "end");
  EXPECT_FALSE(root.read("f41"));
}

TEST_F(Tree, PathsAreTakenAsPeopleTypeThem) {
  repository.write("a/b.py", "b");
  const GitTree root = tree();
  for (const std::string path :
       {"./a/b.py", "a//b.py", "a/./b.py", "a/../a/b.py", "/a/b.py", "a/b.py/"}) {
    EXPECT_EQ(root.real_path(path), "a/b.py") << path;
  }
  EXPECT_EQ(root.real_path("a/.."), "");
  EXPECT_EQ(root.real_path("."), "");
  EXPECT_FALSE(root.real_path(".."));
  EXPECT_FALSE(root.real_path("a/../../a"));
}

TEST_F(Tree, AFileInASubmoduleIsRefusedAndTheSubmoduleNamed) {
  repository.write("a", "");
  const std::string commit = repository.commit();
  repository.git("update-index --add --cacheinfo 160000," + commit + ",lib/schema");
  repository.git("commit -q -m submodule");
  const GitTree root = opened(repository.path()).tree_at("");
  EXPECT_EQ(root.entry("lib/schema")->kind, TreeEntry::Kind::kSubmodule);
  EXPECT_EQ(hex(oid_of(root.entry("lib/schema")->object_id)), commit);
  Error error = error_of([&] { root.list("lib/schema/versions"); });
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_STREQ(error.what(),
               "lib/schema/versions is in the submodule lib/schema, whose files are in another "
               "repository");
  EXPECT_EQ(error.hint, "point --repository at the submodule's own repository");
  error = error_of([&] { root.list("lib/schema"); });
  EXPECT_STREQ(error.what(), "lib/schema is a submodule, whose files are in another repository");
  EXPECT_THROW(root.read("lib/schema"), Error);
}

TEST_F(Tree, AFolderOfManyFilesIsListedAndReadWhole) {
  for (int i = 0; i < 500; ++i) {
    repository.write("v/" + std::to_string(i) + ".py", "revision = '" + std::to_string(i) + "'\n");
  }
  const GitTree root = tree();
  const auto entries = root.list("v");
  ASSERT_EQ(entries->size(), 500u);
  for (const TreeEntry& entry : *entries) {
    EXPECT_EQ(root.read(entry),
              "revision = '" + entry.name.substr(0, entry.name.size() - 3) + "'\n");
  }
}

}  // namespace
}  // namespace drift::migrations
