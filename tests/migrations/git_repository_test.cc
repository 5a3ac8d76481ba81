#include "migrations/git_repository.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "tests/migrations/temporary_repository.h"

namespace drift::migrations {
namespace {

const Stop kNoStop;
const Log kQuiet(LogFormat::kText, LogLevel::kError);

GitRepository open(const std::string& location) {
  return GitRepository::open(location, RemoteAccess{}, kNoStop, kQuiet);
}

// The error that `action` throws; fails the test where it throws none.
template <class Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error{Fault::kInternal, "nothing was thrown"};
}

using Names = std::vector<std::string>;

Names names(const std::optional<std::vector<TreeEntry>>& entries) {
  Names result;
  if (!entries) return {"(no folder)"};
  for (const TreeEntry& entry : *entries) result.push_back(entry.name);
  return result;
}

// ------------------------------------------------------------------------ layouts on the disk

class LocalRepository : public testing::Test {
 protected:
  LocalRepository() {
    repository.write("alembic.ini", "[alembic]\n");
    repository.write("migrations/versions/1a_first.py", "revision = '1a'\n");
    head = repository.commit("Add the first migration");
  }

  // What every layout must give.
  void expect_readable(const std::string& location) {
    const GitTree tree = open(location).tree_at("");
    EXPECT_EQ(tree.commit().id, head);
    EXPECT_EQ(tree.read("migrations/versions/1a_first.py"), "revision = '1a'\n");
  }

  std::string object_file(const std::string& id) const {
    return repository.path(".git/objects/" + id.substr(0, 2) + "/" + id.substr(2));
  }

  TemporaryRepository repository;
  std::string head;
};

TEST_F(LocalRepository, IsOpenedAtItsWorkTree) {
  expect_readable(repository.path());
  EXPECT_EQ(open(repository.path()).url(), repository.path());
  EXPECT_EQ(open(repository.path() + "/").url(), repository.path());
}

TEST_F(LocalRepository, IsOpenedAtItsGitFolder) {
  expect_readable(repository.path(".git"));
  EXPECT_EQ(open(repository.path(".git")).url(), repository.path());
}

TEST_F(LocalRepository, IsFoundFromASubfolder) {
  expect_readable(repository.path("migrations/versions"));
  EXPECT_EQ(open(repository.path("migrations")).url(), repository.path());
}

TEST_F(LocalRepository, IsOpenedByAFileUrl) {
  expect_readable("file://" + repository.path());
  expect_readable("file://localhost" + repository.path());
}

TEST_F(LocalRepository, IsOpenedWhereItIsBare) {
  const TemporaryFolder folder;
  repository.git("clone -q --bare . '" + folder.path("bare.git") + "'");
  expect_readable(folder.path("bare.git"));
  EXPECT_EQ(open(folder.path("bare.git")).url(), folder.path("bare.git"));
}

TEST_F(LocalRepository, IsOpenedAtALinkedWorktree) {
  const TemporaryFolder folder;
  repository.git("worktree add -q -b other '" + folder.path("tree") + "'");
  expect_readable(folder.path("tree"));
  EXPECT_EQ(open(folder.path("tree")).url(), folder.path("tree"));
}

TEST_F(LocalRepository, IsReadFromPacks) {
  repository.git("gc -q --prune=now");
  expect_readable(repository.path());
}

TEST_F(LocalRepository, IsReadThroughAlternates) {
  const TemporaryFolder folder;
  repository.git("clone -q --shared --bare . '" + folder.path("shared.git") + "'");
  expect_readable(folder.path("shared.git"));
}

TEST_F(LocalRepository, IsReadWhereItIsAPartialClone) {
  repository.git("config core.repositoryformatversion 1");
  repository.git("config extensions.partialclone origin");
  expect_readable(repository.path());
}

TEST_F(LocalRepository, IsNeverWritten) {
  // Every file and folder with its size, its times of change and of status change.
  const std::string listing = "find . -printf '%p %s %T@ %C@\\n' | sort";
  const std::string before = repository.shell(listing);
  expect_readable(repository.path());
  open(repository.path()).introductions(head, {"alembic.ini"}, kNoStop);
  EXPECT_THROW(open(repository.path()).tree_at("nothing"), Error);
  EXPECT_EQ(repository.shell(listing), before);
}

TEST_F(LocalRepository, NothingThatItsConfigurationNamesIsStarted) {
  repository.write(".gitattributes", "*.py filter=evil diff=evil\n");
  repository.write("alembic.ini", "[alembic]\nchanged = yes\n");
  head = repository.commit();
  const std::string trap = "touch " + repository.path("started") + "; cat";
  std::string settings;
  for (const std::string key :
       {"core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "filter.evil.smudge",
        "filter.evil.clean", "filter.evil.process", "diff.external", "diff.evil.textconv",
        "credential.helper", "uploadpack.packObjectsHook"}) {
    settings += "git config " + key + " '" + trap + "'; ";
  }
  repository.shell(settings + "touch -d '1 hour ago' alembic.ini");
  expect_readable(repository.path());
  EXPECT_FALSE(std::filesystem::exists(repository.path("started")));
  // The traps do work: git itself falls into one.
  repository.shell("git status || true");
  EXPECT_TRUE(std::filesystem::exists(repository.path("started")));
}

TEST_F(LocalRepository, IsReadWhereItBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  repository.shell("chown -R 65534 .");
  expect_readable(repository.path());
}

TEST_F(LocalRepository, ItsTreeOutlivesIt) {
  std::optional<GitTree> tree;
  {
    const GitRepository opened = open(repository.path());
    tree.emplace(opened.tree_at(""));
  }
  EXPECT_EQ(tree->read("alembic.ini"), "[alembic]\n");
}

TEST(MissingRepository, SaysThatThePathDoesNotExist) {
  const Error error = error_of([] { open("/nonexistent/repository"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryNotFound);
  EXPECT_STREQ(error.what(), "/nonexistent/repository does not exist");
  EXPECT_EQ(error.hint, "--repository takes a path or a URL");
}

TEST(MissingRepository, SaysThatAFolderIsNoRepository) {
  const TemporaryFolder folder;
  const Error error = error_of([&] { open(folder.path()); });
  EXPECT_EQ(error.fault, Fault::kRepositoryNotFound);
  EXPECT_EQ(error.what(), folder.path() + " is not a git repository");
  EXPECT_EQ(error.hint, "give the folder that holds .git, or a bare repository");
}

TEST(UnsupportedRepository, SaysThatSha256IsNotSupported) {
  const TemporaryRepository repository("--object-format=sha256");
  const Error error = error_of([&] { open(repository.path()); });
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_EQ(error.what(),
            repository.path() + " names its objects by SHA-256, which is not supported");
  EXPECT_EQ(error.hint, "read a SHA-1 repository");
}

TEST(UnsupportedRepository, NamesTheExtension) {
  const TemporaryRepository repository;
  repository.shell(
      "printf '[core]\\nrepositoryformatversion = 1\\n[extensions]\\nrefstorage = reftable\\n' "
      "> .git/config");
  const Error error = error_of([&] { open(repository.path()); });
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_EQ(error.what(), repository.path() +
                              " cannot be read: unsupported extension name extensions.refstorage");
  EXPECT_EQ(error.hint, "clone it without that extension");
}

// -------------------------------------------------------------------------------------- damage

TEST_F(LocalRepository, AMissingBlobIsNamed) {
  const std::string id = repository.git("rev-parse HEAD:alembic.ini");
  std::filesystem::remove(object_file(id));
  const GitTree tree = open(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.read("alembic.ini"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(),
            "alembic.ini is missing from " + repository.path() + " (object " + id + ")");
  EXPECT_EQ(error.hint,
            "a partial clone lacks what it was told to leave out; else run `git fsck` there");
}

TEST_F(LocalRepository, AMissingFolderIsNamed) {
  const std::string id = repository.git("rev-parse HEAD:migrations/versions");
  std::filesystem::remove(object_file(id));
  const GitTree tree = open(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.list("migrations/versions"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "the folder migrations/versions is missing from " + repository.path() +
                              " (object " + id + ")");
}

TEST_F(LocalRepository, ADamagedBlobIsNamed) {
  const std::string id = repository.git("rev-parse HEAD:alembic.ini");
  const std::string other = repository.git("rev-parse HEAD:migrations/versions/1a_first.py");
  // A well-formed object under another's name: only its hash gives it away.
  repository.shell("cp -f " + object_file(other) + " " + object_file(id));
  const GitTree tree = open(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.read("alembic.ini"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "alembic.ini cannot be read from " + repository.path() + " (object " +
                              id + "): object hash mismatch - expected " + id + " but got " +
                              other);
  EXPECT_EQ(error.hint, "run `git fsck` there; a damaged repository is mended by cloning it anew");
}

TEST_F(LocalRepository, ABranchWhoseCommitIsMissingIsNoMissingBranch) {
  std::filesystem::remove(object_file(head));
  const Error error = error_of([&] { open(repository.path()).tree_at("main"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "the commit that main names is missing from " + repository.path() +
                              " (object " + head + ")");
}

TEST_F(LocalRepository, AnAnnotatedTagWhoseCommitIsMissingIsNoWrongRef) {
  repository.git("tag -a -m annotated v1");
  std::filesystem::remove(object_file(head));
  const Error error = error_of([&] { open(repository.path()).tree_at("v1"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "the commit that v1 names is missing from " + repository.path() +
                              " (object " + head + ")");
}

TEST_F(LocalRepository, AFileTooLargeForAMigrationIsRefused) {
  repository.write("huge.py", std::string(GitTree::kMaxFileBytes + 1, '#'));
  repository.write("largest.py", std::string(GitTree::kMaxFileBytes, '#'));
  repository.commit();
  const GitTree tree = open(repository.path()).tree_at("");
  EXPECT_EQ(tree.read("largest.py")->size(), GitTree::kMaxFileBytes);
  const Error error = error_of([&] { tree.read("huge.py"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_STREQ(error.what(),
               "huge.py has 16777217 bytes, more than the 16777216 that a migration may have");
  EXPECT_EQ(error.hint, "take it out of the versions folder");
}

// ---------------------------------------------------------------------------------------- refs

TEST_F(LocalRepository, ACommitIsDescribedWithoutMailAddresses) {
  const GitTree tree = open(repository.path()).tree_at("main");
  EXPECT_EQ(tree.commit().id, head);
  EXPECT_EQ(tree.commit().author, "Author");
  EXPECT_EQ(tree.commit().summary, "Add the first migration");
  EXPECT_EQ(rfc3339(tree.commit().committed_at), "2026-01-02T03:04:05Z");
}

TEST_F(LocalRepository, ARefIsABranchATagACommitOrARevisionExpression) {
  repository.git("tag light");
  repository.git("tag -a -m annotated annotated");
  repository.write("later", "");
  const std::string later = repository.commit();
  repository.git("update-ref refs/remotes/origin/main " + head);
  const GitRepository opened = open(repository.path());
  EXPECT_EQ(opened.tree_at("").commit().id, later);
  EXPECT_EQ(opened.tree_at("HEAD").commit().id, later);
  for (const std::string& ref : Names{"light", "annotated", "main~1", "origin/main",
                                      "refs/tags/light", head, head.substr(0, 10)}) {
    EXPECT_EQ(opened.tree_at(ref).commit().id, head) << ref;
  }
}

TEST_F(LocalRepository, AnUnknownRefSuggestsTheNearestName) {
  repository.git("branch develop");
  const Error error = error_of([&] { open(repository.path()).tree_at("develpo"); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(), "develpo names nothing in " + repository.path());
  EXPECT_EQ(error.hint, "did you mean develop?");
}

TEST_F(LocalRepository, AnUnknownRefSuggestsTheRemoteBranchOfThatName) {
  repository.git("update-ref refs/remotes/origin/release " + head);
  const Error error = error_of([&] { open(repository.path()).tree_at("release"); });
  EXPECT_EQ(error.hint, "did you mean origin/release?");
}

TEST_F(LocalRepository, AnUnknownRefLikeNoOtherListsWhatThereIs) {
  repository.git("tag v1");
  Error error = error_of([&] { open(repository.path()).tree_at("staging"); });
  EXPECT_EQ(error.hint, "there are main, v1");
  repository.shell("for i in 1 2 3 4; do git branch a$i; done");
  error = error_of([&] { open(repository.path()).tree_at("staging"); });
  EXPECT_EQ(error.hint, "there are a1, a2, a3, a4, main and 1 more");
}

TEST_F(LocalRepository, ARefThatLooksLikeAnOptionIsOnlyAnUnknownRef) {
  const Error error = error_of([&] { open(repository.path()).tree_at("--upload-pack=touch x"); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(), "--upload-pack=touch x names nothing in " + repository.path());
}

TEST_F(LocalRepository, ACommitIdThatIsNotThereNamesNothing) {
  const std::string id(40, '1');
  const Error error = error_of([&] { open(repository.path()).tree_at(id); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(), id + " names nothing in " + repository.path());
}

TEST_F(LocalRepository, ARefThatNamesAFileOrAFolderIsRefused) {
  Error error = error_of([&] { open(repository.path()).tree_at("HEAD:alembic.ini"); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(),
            "HEAD:alembic.ini names a blob in " + repository.path() + ", not a commit");
  EXPECT_EQ(error.hint, "--ref takes a branch, a tag or a commit");
  error = error_of([&] { open(repository.path()).tree_at("HEAD:migrations"); });
  EXPECT_EQ(error.what(),
            "HEAD:migrations names a tree in " + repository.path() + ", not a commit");
}

TEST(EmptyRepository, SaysThatItsBranchHasNoCommit) {
  const TemporaryRepository repository;
  const Error error = error_of([&] { open(repository.path()).tree_at(""); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(),
            "HEAD of " + repository.path() + " points at refs/heads/main, which has no commit");
  EXPECT_EQ(error.hint, "the repository has no branches and no tags");
}

// --------------------------------------------------------------------------------------- trees

class Tree : public testing::Test {
 protected:
  GitTree tree() {
    repository.commit();
    return open(repository.path()).tree_at("");
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
  const GitTree root = open(repository.path()).tree_at("");
  EXPECT_EQ(root.entry("lib/schema")->kind, TreeEntry::Kind::kSubmodule);
  EXPECT_EQ(root.entry("lib/schema")->object_id, commit);
  Error error = error_of([&] { root.list("lib/schema/versions"); });
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_STREQ(error.what(),
               "lib/schema/versions lies in the submodule lib/schema, whose files are in another "
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

// ------------------------------------------------------------------------------- introductions

class Introductions : public testing::Test {
 protected:
  // Writes `name` and commits it, a second after the last commit.
  std::string add(const std::string& name) {
    repository.write(name, name + std::to_string(clock_));
    return commit();
  }

  std::string commit() { return at_next_second("git add -A; git commit -q -m change"); }

  // Runs `commands` with the next second as the time of commits; the id of HEAD afterwards.
  std::string at_next_second(const std::string& commands) {
    return repository.shell("export GIT_COMMITTER_DATE='" + std::to_string(1700000000 + clock_++) +
                            " +0000'; " + commands + "; git rev-parse HEAD");
  }

  Names find(const std::vector<std::string>& paths) {
    const GitRepository opened = open(repository.path());
    Names ids;
    for (const auto& commit :
         opened.introductions(opened.tree_at("").commit().id, paths, kNoStop)) {
      ids.push_back(commit ? commit->id : "");
    }
    return ids;
  }

  TemporaryRepository repository;
  int clock_ = 0;
};

TEST_F(Introductions, NameTheCommitThatBroughtAFileIn) {
  const std::string root = add("v/a.py");
  const std::string second = add("v/b.py");
  add("unrelated");
  repository.write("v/a.py", "changed");
  commit();
  const std::string third = add("top.py");
  EXPECT_EQ(find({"v/b.py", "v/a.py", "top.py", "v/b.py", "v/none.py", "w/none.py"}),
            (Names{second, root, third, second, "", ""}));
  EXPECT_EQ(find({}), Names{});
}

TEST_F(Introductions, TakeTheNewestWhereAFileWasDeletedAndCameBack) {
  add("v/a.py");
  repository.shell("rm v/a.py");
  commit();
  const std::string again = add("v/a.py");
  add("v/b.py");
  EXPECT_EQ(find({"v/a.py"}), Names{again});
}

TEST_F(Introductions, NameTheCommitOfTheBranchNotTheMerge) {
  add("v/a.py");
  repository.git("checkout -q -b side");
  const std::string on_side = add("v/side.py");
  repository.git("checkout -q main");
  const std::string on_main = add("v/main.py");
  at_next_second("git merge -q --no-ff -m merge side");
  EXPECT_EQ(find({"v/side.py", "v/main.py"}), (Names{on_side, on_main}));
}

TEST_F(Introductions, NameTheMergeWhereItAloneAddedTheFile) {
  add("v/a.py");
  repository.git("checkout -q -b side");
  add("v/side.py");
  repository.git("checkout -q main");
  add("v/main.py");
  at_next_second("git merge -q --no-ff --no-commit side");
  repository.write("v/evil.py", "");
  const std::string merge = commit();
  EXPECT_EQ(find({"v/evil.py"}), Names{merge});
}

TEST_F(Introductions, FindAMovedFileAtItsMove) {
  add("old/a.py");
  repository.shell("mkdir -p new/versions; git mv old/a.py new/versions/a.py");
  const std::string move = commit();
  EXPECT_EQ(find({"new/versions/a.py"}), Names{move});
}

TEST_F(Introductions, TellAFileFromTheFolderThatItReplaced) {
  add("v/a/x");
  repository.shell("git rm -q -r v/a");
  const std::string file = add("v/a");
  EXPECT_EQ(find({"v/a"}), Names{file});
}

TEST_F(Introductions, SurviveClocksThatRanBackwards) {
  clock_ = 100;
  const std::string first = add("v/a.py");
  clock_ = 0;
  const std::string second = add("v/b.py");
  clock_ = 200;
  add("v/c.py");
  EXPECT_EQ(find({"v/a.py", "v/b.py"}), (Names{first, second}));
}

TEST_F(Introductions, EndWithoutAnAnswerWhereAShallowCloneEnds) {
  add("v/a.py");
  add("v/b.py");
  const std::string last = add("v/c.py");
  const TemporaryFolder folder;
  repository.git("clone -q --bare --depth 2 'file://" + repository.path() + "' '" +
                 folder.path("shallow.git") + "'");
  const GitRepository shallow = open(folder.path("shallow.git"));
  const auto commits = shallow.introductions(last, {"v/a.py", "v/b.py", "v/c.py"}, kNoStop);
  EXPECT_FALSE(commits[0]);
  // The boundary commit brought b in, but its parent is not here to show it.
  EXPECT_FALSE(commits[1]);
  EXPECT_EQ(commits[2]->id, last);
}

TEST_F(Introductions, EndWhenStopIsRequested) {
  const std::string head = add("v/a.py");
  Stop stop;
  stop.request();
  const GitRepository opened = open(repository.path());
  const Error error = error_of([&] { opened.introductions(head, {"v/a.py"}, stop); });
  EXPECT_EQ(error.fault, Fault::kInterrupted);
  EXPECT_STREQ(error.what(),
               "interrupted while looking for the commits that introduced the migrations");
}

}  // namespace
}  // namespace drift::migrations
