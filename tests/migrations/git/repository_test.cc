#include "migrations/git/repository.h"

#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

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
    const GitTree tree = opened(location).tree_at("");
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
  EXPECT_EQ(opened(repository.path()).url(), repository.path());
  EXPECT_EQ(opened(repository.path() + "/").url(), repository.path());
}

TEST_F(LocalRepository, IsOpenedAtItsGitFolder) {
  expect_readable(repository.path(".git"));
  EXPECT_EQ(opened(repository.path(".git")).url(), repository.path());
}

TEST_F(LocalRepository, IsFoundFromASubfolder) {
  expect_readable(repository.path("migrations/versions"));
  EXPECT_EQ(opened(repository.path("migrations")).url(), repository.path());
}

TEST_F(LocalRepository, IsOpenedByAFileUrl) {
  expect_readable("file://" + repository.path());
  expect_readable("file://localhost" + repository.path());
}

TEST_F(LocalRepository, IsOpenedWhereItIsBare) {
  const TemporaryFolder folder;
  repository.git("clone -q --bare . '" + folder.path("bare.git") + "'");
  expect_readable(folder.path("bare.git"));
  EXPECT_EQ(opened(folder.path("bare.git")).url(), folder.path("bare.git"));
}

TEST_F(LocalRepository, IsOpenedAtALinkedWorktree) {
  const TemporaryFolder folder;
  repository.git("worktree add -q -b other '" + folder.path("tree") + "'");
  expect_readable(folder.path("tree"));
  EXPECT_EQ(opened(folder.path("tree")).url(), folder.path("tree"));
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
  opened(repository.path()).introductions(head, {"alembic.ini"}, Stop());
  EXPECT_THROW(opened(repository.path()).tree_at("nothing"), Error);
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
    const GitRepository git = opened(repository.path());
    tree.emplace(git.tree_at(""));
  }
  EXPECT_EQ(tree->read("alembic.ini"), "[alembic]\n");
}

TEST(MissingRepository, SaysThatThePathDoesNotExist) {
  const Error error = error_of([] { opened("/nonexistent/repository"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryNotFound);
  EXPECT_STREQ(error.what(), "/nonexistent/repository does not exist");
  EXPECT_EQ(error.hint, "--repository takes a path or a URL");
}

TEST(MissingRepository, SaysThatAFolderIsNoRepository) {
  const TemporaryFolder folder;
  const Error error = error_of([&] { opened(folder.path()); });
  EXPECT_EQ(error.fault, Fault::kRepositoryNotFound);
  EXPECT_EQ(error.what(), folder.path() + " is not a git repository");
  EXPECT_EQ(error.hint, "give the folder that holds .git, or a bare repository");
}

TEST(UnsupportedRepository, SaysThatSha256IsNotSupported) {
  const TemporaryRepository repository("--object-format=sha256");
  const Error error = error_of([&] { opened(repository.path()); });
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
  const Error error = error_of([&] { opened(repository.path()); });
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_EQ(error.what(), repository.path() +
                              " cannot be read: unsupported extension name extensions.refstorage");
  EXPECT_EQ(error.hint, "clone it without that extension");
}

// -------------------------------------------------------------------------------------- damage

TEST_F(LocalRepository, AMissingBlobIsNamed) {
  const std::string id = repository.git("rev-parse HEAD:alembic.ini");
  std::filesystem::remove(object_file(id));
  const GitTree tree = opened(repository.path()).tree_at("");
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
  const GitTree tree = opened(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.list("migrations/versions"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "the folder migrations/versions is missing from " + repository.path() +
                              " (object " + id + ")");
}

TEST_F(LocalRepository, ABranchWhoseCommitIsMissingIsNoMissingBranch) {
  std::filesystem::remove(object_file(head));
  const Error error = error_of([&] { opened(repository.path()).tree_at("main"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "the commit that main names is missing from " + repository.path() +
                              " (object " + head + ")");
}

TEST_F(LocalRepository, AnAnnotatedTagWhoseCommitIsMissingIsNoWrongRef) {
  repository.git("tag -a -m annotated v1");
  std::filesystem::remove(object_file(head));
  const Error error = error_of([&] { opened(repository.path()).tree_at("v1"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "the commit that v1 names is missing from " + repository.path() +
                              " (object " + head + ")");
}

TEST_F(LocalRepository, AFileTooLargeForAMigrationIsRefused) {
  repository.write("huge.py", std::string(GitTree::kMaxFileBytes + 1, '#'));
  repository.write("largest.py", std::string(GitTree::kMaxFileBytes, '#'));
  repository.commit();
  const GitTree tree = opened(repository.path()).tree_at("");
  EXPECT_EQ(tree.read("largest.py")->size(), GitTree::kMaxFileBytes);
  const Error error = error_of([&] { tree.read("huge.py"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_STREQ(error.what(),
               "huge.py has 16777217 bytes, more than the 16777216 that a migration may have");
  EXPECT_EQ(error.hint, "take it out of the versions folder");
}

// ---------------------------------------------------------------------------------------- refs

TEST_F(LocalRepository, ACommitIsDescribedWithoutMailAddresses) {
  const GitTree tree = opened(repository.path()).tree_at("main");
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
  const GitRepository git = opened(repository.path());
  EXPECT_EQ(git.tree_at("").commit().id, later);
  EXPECT_EQ(git.tree_at("HEAD").commit().id, later);
  for (const std::string& ref : Names{"light", "annotated", "main~1", "origin/main",
                                      "refs/tags/light", head, head.substr(0, 10)}) {
    EXPECT_EQ(git.tree_at(ref).commit().id, head) << ref;
  }
}

TEST_F(LocalRepository, AnUnknownRefSuggestsTheNearestName) {
  repository.git("branch develop");
  const Error error = error_of([&] { opened(repository.path()).tree_at("develpo"); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(), "there is no branch, tag or commit develpo in " + repository.path());
  EXPECT_EQ(error.hint, "did you mean develop?");
}

TEST_F(LocalRepository, AnUnknownRefSuggestsTheRemoteBranchOfThatName) {
  repository.git("update-ref refs/remotes/origin/release " + head);
  const Error error = error_of([&] { opened(repository.path()).tree_at("release"); });
  EXPECT_EQ(error.hint, "did you mean origin/release?");
}

TEST_F(LocalRepository, AnUnknownRefLikeNoOtherListsWhatThereIs) {
  repository.git("tag v1");
  Error error = error_of([&] { opened(repository.path()).tree_at("staging"); });
  EXPECT_EQ(error.hint, "there are main, v1");
  repository.shell("for i in 1 2 3 4; do git branch a$i; done");
  error = error_of([&] { opened(repository.path()).tree_at("staging"); });
  EXPECT_EQ(error.hint, "there are a1, a2, a3, a4, main and 1 more");
}

TEST_F(LocalRepository, ARefThatLooksLikeAnOptionIsOnlyAnUnknownRef) {
  const Error error = error_of([&] { opened(repository.path()).tree_at("--upload-pack=touch x"); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(),
            "there is no branch, tag or commit --upload-pack=touch x in " + repository.path());
}

TEST_F(LocalRepository, ACommitIdThatIsNotThereNamesNothing) {
  const std::string id(40, '1');
  const Error error = error_of([&] { opened(repository.path()).tree_at(id); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(), "there is no branch, tag or commit " + id + " in " + repository.path());
}

TEST_F(LocalRepository, ARefThatNamesAFileOrAFolderIsRefused) {
  Error error = error_of([&] { opened(repository.path()).tree_at("HEAD:alembic.ini"); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(),
            "HEAD:alembic.ini names a blob in " + repository.path() + ", not a commit");
  EXPECT_EQ(error.hint, "--ref takes a branch, a tag or a commit");
  error = error_of([&] { opened(repository.path()).tree_at("HEAD:migrations"); });
  EXPECT_EQ(error.what(),
            "HEAD:migrations names a tree in " + repository.path() + ", not a commit");
}

TEST(EmptyRepository, SaysThatItsBranchHasNoCommit) {
  const TemporaryRepository repository;
  const Error error = error_of([&] { opened(repository.path()).tree_at(""); });
  EXPECT_EQ(error.fault, Fault::kRefNotFound);
  EXPECT_EQ(error.what(),
            "HEAD of " + repository.path() + " points at refs/heads/main, which has no commit");
  EXPECT_EQ(error.hint, "the repository has no branches and no tags");
}

}  // namespace
}  // namespace drift::migrations
