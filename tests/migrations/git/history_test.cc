#include "migrations/git/history.h"

#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

class Histories : public testing::Test {
 protected:
  std::string add(const std::string& name, const std::string& contents = "x") {
    repository.write(name, contents);
    return at_next_second("git add -A; git commit -q -m change");
  }

  std::string at_next_second(const std::string& commands) {
    return repository.shell("export GIT_COMMITTER_DATE='" + std::to_string(1700000000 + clock_++) +
                            " +0000'; " + commands + "; git rev-parse HEAD");
  }

  static ObjectId id_of(const GitRepository& git, const std::string& name) {
    for (const RefTip& tip : git.tips().tips) {
      if (tip.name == name) return tip.commit;
    }
    ADD_FAILURE() << "no tip " << name;
    return {};
  }

  History read(const Names& folders = {"v"}) {
    const GitRepository git = opened(repository.path());
    std::vector<ObjectId> ends;
    for (const RefTip& tip : git.tips().tips) ends.push_back(tip.commit);
    return git.history(ends, folders, Stop());
  }

  // The ids of the commits, in their order.
  Names commits(const History& history) {
    const GitRepository git = opened(repository.path());
    Names ids;
    for (const History::Commit& commit : history.commits) ids.push_back(git.commit(commit.id).id);
    return ids;
  }

  TemporaryRepository repository;
  int clock_ = 0;
};

TEST_F(Histories, ListEachCommitOnceTheNewestFirst) {
  const std::string first = add("v/a.py");
  repository.git("checkout -q -b side");
  const std::string side = add("v/b.py");
  repository.git("checkout -q main");
  const std::string second = add("v/c.py");
  const std::string merge = at_next_second("git merge -q --no-ff -m merge side");
  const History history = read();
  EXPECT_EQ(commits(history), (Names{merge, second, side, first}));
  EXPECT_EQ(history.parents_of(0).size(), 2u);
  EXPECT_EQ(history.parents_of(3).size(), 0u);
  EXPECT_FALSE(history.shallow);
}

TEST_F(Histories, ListParentsBehindTheirChildrenWhateverTheClockSaid) {
  clock_ = 100;
  const std::string first = add("v/a.py");
  clock_ = 0;
  const std::string second = add("v/b.py");
  EXPECT_EQ(commits(read()), (Names{second, first}));
}

TEST_F(Histories, ShareTheStateOfFoldersThatDidNotChange) {
  add("other");
  add("v/a.py");
  add("other", "changed");
  add("v/a.py", "changed");
  repository.shell("git rm -q -r v");
  add("other", "again");
  const History history = read({"v", "w/x"});
  ASSERT_EQ(history.commits.size(), 5u);
  EXPECT_EQ(history.states.size(), 3u);
  EXPECT_EQ(history.commits[0].state, 0u);
  EXPECT_EQ(history.commits[2].state, history.commits[3].state);
  EXPECT_NE(history.commits[1].state, history.commits[2].state);
  EXPECT_EQ(history.commits[4].state, 0u);
  EXPECT_EQ(history.states[0], (std::vector<ObjectId>{kNoTree, kNoTree}));
}

TEST_F(Histories, KnowWhatATipReaches) {
  add("v/a.py");
  repository.git("checkout -q -b side");
  add("v/b.py");
  repository.git("checkout -q main");
  add("v/c.py");
  const GitRepository git = opened(repository.path());
  const History history = read();
  const auto side = history.index_of.at(id_of(git, "side"));
  EXPECT_EQ(history.reached_from({side}), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(history.reached_from({}), (std::vector<bool>{false, false, false}));
}

TEST_F(Histories, EndWhereAShallowCloneEnds) {
  add("v/a.py");
  add("v/b.py");
  const TemporaryFolder folder;
  repository.git("clone -q --bare --depth 1 'file://" + repository.path() + "' '" +
                 folder.path("shallow.git") + "'");
  const GitRepository git = opened(folder.path("shallow.git"));
  const History history = git.history({id_of(git, "main")}, {"v"}, Stop());
  ASSERT_EQ(history.commits.size(), 1u);
  EXPECT_TRUE(history.shallow);
  EXPECT_FALSE(history.commits[0].complete);
}

TEST_F(Histories, LeaveOutATipThatIsNotThere) {
  add("v/a.py");
  const GitRepository git = opened(repository.path());
  EXPECT_TRUE(git.history({ObjectId{1}}, {"v"}, Stop()).commits.empty());
}

TEST_F(Histories, EndWhenStopIsRequested) {
  add("v/a.py");
  Stop stop;
  stop.request();
  const GitRepository git = opened(repository.path());
  const Error error = error_of([&] { git.history({id_of(git, "main")}, {"v"}, stop); });
  EXPECT_EQ(error.fault, Fault::kInterrupted);
  EXPECT_STREQ(error.what(), "interrupted while looking through the history of the migrations");
}

TEST_F(Histories, NameTheFilesThatDiffer) {
  add("v/gone.py");
  add("v/kept.py");
  add("v/turned.py");
  add("v/sub/deep.py");
  repository.shell("cd v; rm gone.py turned.py; ln -s kept.py turned.py; ln -s kept.py link.py");
  add("v/sub/deep.py", "changed");
  const History history = read();
  const GitRepository git = opened(repository.path());
  const auto changes = [&](bool recursive) {
    Names lines;
    git.changed_files(
        history.states[history.commits[1].state][0], history.states[history.commits[0].state][0],
        recursive, Stop(), [&](const FileChange& change) {
          lines.push_back(change.path + (change.before ? " before" : "") +
                          (change.after ? " after" : "") + (change.becomes_link ? " link" : ""));
        });
    return lines;
  };
  EXPECT_EQ(changes(false), (Names{"gone.py before", "link.py link", "turned.py before link"}));
  EXPECT_EQ(changes(true), (Names{"gone.py before", "link.py link", "turned.py before link",
                                  "sub/deep.py before after"}));
}

TEST_F(Histories, TipsArePeeledAndSorted) {
  const std::string commit = add("v/a.py");
  repository.git("branch feature/x");
  repository.git("tag -a v1 -m annotated");
  repository.git("tag a-tree 'HEAD^{tree}'");
  repository.git("update-ref refs/remotes/origin/main HEAD");
  repository.git("symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main");
  repository.git("update-ref refs/notes/commits HEAD");
  repository.shell("echo 1111111111111111111111111111111111111111 > .git/refs/heads/lost");
  const GitRepository git = opened(repository.path());
  const GitRepository::Tips found = git.tips();
  Names names;
  for (const RefTip& tip : found.tips) {
    names.push_back(tip.name);
    EXPECT_EQ(git.commit(tip.commit).id, commit);
  }
  EXPECT_EQ(names, (Names{"feature/x", "main", "origin/main", "v1"}));
  EXPECT_EQ(found.unreadable, 1u);
}

TEST_F(Histories, ABlobThatIsMissingIsNothing) {
  add("v/a.py", "contents");
  const GitRepository git = opened(repository.path());
  EXPECT_EQ(git.blob(git.tree_at("").entry("v/a.py")->object_id), "contents");
  EXPECT_EQ(git.blob(ObjectId{1}), std::nullopt);
  EXPECT_EQ(git.blob(git.tree_at("").entry("v")->object_id), std::nullopt);
}

TEST_F(Histories, ACommitThatIsMissingIsAnError) {
  add("v/a.py");
  const GitRepository git = opened(repository.path());
  const Error error = error_of([&] { git.commit(ObjectId{1}); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), "a commit of its history is missing from " + repository.path() +
                              " (object 0100000000000000000000000000000000000000)");
}

}  // namespace
}  // namespace drift::migrations
