#include "migrations/git/arrivals.h"

#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

class Arrivals : public testing::Test {
 protected:
  std::string at_next_second(const std::string& commands) {
    return repository.shell("export GIT_COMMITTER_DATE='" + std::to_string(1700000000 + clock_++) +
                            " +0000'; " + commands + "; git rev-parse HEAD");
  }
  std::string add(const std::string& name) {
    repository.write(name, name + std::to_string(clock_));
    return at_next_second("git add -A; git commit -q -m change");
  }

  // "commit parent" of each.
  Names find(const std::vector<std::string>& paths, const std::string& where = "") {
    const GitRepository git = opened(where.empty() ? repository.path() : where);
    Names lines;
    for (const auto& one : git.arrivals(git.tree_at("").commit().id, paths, Stop())) {
      lines.push_back(one ? one->commit.id + " " + one->before : "");
    }
    return lines;
  }

  TemporaryRepository repository;
  int clock_ = 0;
};

TEST_F(Arrivals, NameTheCommitOfTheLine) {
  const std::string root = add("v/a.py");
  const std::string second = add("v/b.py");
  add("other");
  repository.write("v/a.py", "changed");
  const std::string third = add("top.py");
  EXPECT_EQ(find({"v/b.py", "v/a.py", "v/none.py", "w/none.py", "v/b.py"}),
            (Names{second + " " + root, root + " ", "", "", second + " " + root}));
  EXPECT_EQ(find({"top.py"}).front().substr(0, 40), third);
  EXPECT_EQ(find({}), Names{});
}

TEST_F(Arrivals, NameTheMergeNotTheCommitOfTheBranch) {
  add("v/a.py");
  repository.git("checkout -q -b side");
  add("v/b.py");
  repository.git("checkout -q -");
  const std::string before = add("v/c.py");
  const std::string merge = at_next_second("git merge -q --no-ff -m merge side");
  EXPECT_EQ(find({"v/b.py"}), Names{merge + " " + before});
}

TEST_F(Arrivals, TakeTheNewestWhereAFileCameBack) {
  add("v/a.py");
  repository.shell("rm v/a.py");
  const std::string without = add("other");
  const std::string again = add("v/a.py");
  EXPECT_EQ(find({"v/a.py"}), Names{again + " " + without});
}

TEST_F(Arrivals, AreNotKnownWhereHistoryEnds) {
  add("v/a.py");
  add("v/b.py");
  const std::string last = add("v/c.py");
  TemporaryRepository clone;
  clone.shell("git clone -q --depth 2 file://" + repository.path() + " shallow");
  const Names found = find({"v/a.py", "v/b.py", "v/c.py"}, clone.path() + "/shallow");
  EXPECT_EQ(found[0], "");
  EXPECT_EQ(found[1], "");
  EXPECT_EQ(found[2].substr(0, 40), last);
}

TEST_F(Arrivals, EndWithTheTime) {
  add("v/a.py");
  const GitRepository git = opened(repository.path());
  const Stop stop(std::chrono::milliseconds{0});
  const Error error =
      error_of([&] { git.arrivals(git.tree_at("").commit().id, {"v/a.py"}, stop); });
  EXPECT_EQ(error.fault, Fault::kTimedOut);
}

}  // namespace
}  // namespace drift::migrations
