#include "migrations/git/file_history.h"

#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

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
    const GitRepository git = opened(repository.path());
    Names ids;
    for (const auto& commit : git.introductions(git.tree_at("").commit().id, paths, Stop())) {
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
  const GitRepository shallow = opened(folder.path("shallow.git"));
  const auto commits = shallow.introductions(last, {"v/a.py", "v/b.py", "v/c.py"}, Stop());
  EXPECT_FALSE(commits[0]);
  // The boundary commit brought b in, but its parent is not here to show it.
  EXPECT_FALSE(commits[1]);
  EXPECT_EQ(commits[2]->id, last);
}

TEST_F(Introductions, EndWhenStopIsRequested) {
  const std::string head = add("v/a.py");
  Stop stop;
  stop.request();
  const GitRepository git = opened(repository.path());
  const Error error = error_of([&] { git.introductions(head, {"v/a.py"}, stop); });
  EXPECT_EQ(error.fault, Fault::kInterrupted);
  EXPECT_STREQ(error.what(),
               "interrupted while looking for the commits that introduced the migrations");
}

}  // namespace
}  // namespace drift::migrations
