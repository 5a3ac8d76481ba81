// A search that remembers what earlier ones learnt must answer as one that does not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "migrations/git/history.h"
#include "migrations/git/history_memory.h"
#include "migrations/revision_search.h"
#include "tests/migrations/opened.h"
#include "tests/migrations/script_repository.h"

namespace drift::migrations {
namespace {

std::string told(const std::optional<Commit>& commit) { return commit ? commit->id : "-"; }

std::string told(const Lineage& lineage) {
  std::string text = lineage.commit;
  for (const Revision& revision : lineage.revisions) {
    text += fmt::format(" {}<{}", revision.id, fmt::join(revision.down_revisions, "+"));
  }
  return text;
}

// All of it.
std::string told(const RevisionSearch& search) {
  std::string text = fmt::format("{}\n{}\n", search.shallow, fmt::join(search.warnings, "\n"));
  for (const FoundRevision& found : search.revisions) {
    text +=
        fmt::format("{} {} {} {} {} {} {} {} {} {}", found.asked, found.revision,
                    static_cast<int>(found.where), found.file, found.message, found.outside_folders,
                    told(found.introduced), found.refs, found.commits, found.certain);
    for (const RefTip& tip : found.tips) text += fmt::format(" {}", tip.name);
    if (const auto& removed = found.removed) {
      text += fmt::format(" removed {} {} {} {}", removed->commit.id,
                          removed->line ? removed->line->name : "-", removed->other.value_or("-"),
                          removed->others);
    }
    for (const Lineage& lineage : found.lineages) text += "\n  " + told(lineage);
    text += found.lineage_unknown_because + '\n';
  }
  return text;
}

class Remembering : public testing::Test {
 protected:
  Remembering() {
    repository_.write("alembic.ini", "[alembic]\nscript_location = m\n");
    repository_.write("m/env.py", "");
    repository_.write_migration("m/versions/r0000.py", "r0000");
    repository_.commit("first");
  }

  // By hand and as rows, answered without a memory and with what the calls before learnt.
  void expect_the_same(const std::string& after) {
    Names asked = {"nowhere"}, rows = {"nowhere"};
    for (int i = 0; i < made_; ++i) asked.push_back(fmt::format("r{:04}", i));
    {
      const GitRepository git = opened(repository_.path());
      for (const FoundRevision& one :
           search_revisions(git, git.tree_at(""), "HEAD", {}, asked, Stop()).revisions) {
        if (one.where != FoundRevision::Where::kInRef && one.asked != "nowhere") {
          rows.push_back(one.asked);
        }
      }
    }
    const auto answers = [&](const GitRepository& git) {
      return told(search_revisions(git, git.tree_at(""), "HEAD", {}, asked, Stop())) +
             told(search_rows(git, git.tree_at(""), "HEAD", {}, rows, Stop()));
    };
    const GitRepository anew = opened(repository_.path());
    const GitRepository remembering = opened(repository_.path());
    if (!memory_.empty()) {
      ASSERT_TRUE(remembering.memory().restore(memory_));
    }
    EXPECT_EQ(answers(remembering), answers(anew)) << after;
    learnt_ = remembering.memory().learnt();
    memory_ = remembering.memory().stored();
  }

  void add_migration(std::mt19937& random) {
    const std::string down = fmt::format("'r{:04}'", random() % static_cast<unsigned>(made_));
    const std::string id = fmt::format("r{:04}", made_++);
    // Some names are the id, as Alembic 0.1 had them.
    const std::string name = random() % 4 == 0 ? "dead" + id.substr(1) : id;
    repository_.write_migration(folder_ + "/" + name + ".py", id, down);
    repository_.commit("add " + id);
  }

  ScriptRepository repository_;
  std::string folder_ = "m/versions";
  std::string memory_;
  std::size_t learnt_ = 0;
  int made_ = 1;
};

TEST_F(Remembering, ChangesNoAnswerWhateverBecameOfTheHistory) {
  for (const unsigned seed : {1u, 2u}) {
    std::mt19937 random(seed);
    const auto branch = [&] { return fmt::format("side-{}", random() % 3); };
    for (int step = 0; step < 14; ++step) {
      const std::string line = branch(), other = branch();
      // What git refuses (a conflict, a branch that is not there) leaves things as they were.
      const std::string undone =
          " || { git merge --abort || true; git rebase --abort || true; git checkout -q -f main; }";
      std::string what;
      switch (random() % 11) {
        case 0: what = "git checkout -q -B " + line; break;
        case 1: what = "git merge -q --no-ff --no-edit " + line; break;
        case 2: what = "git rebase -q main " + line + " && git checkout -q main"; break;
        case 3: what = "git branch -q -f " + line + " HEAD~1"; break;
        case 4: what = "git branch -q -D " + line; break;
        case 5: what = "git merge -q --squash " + line + " && git commit -q -m squash"; break;
        case 6: {
          what = "git mv $(git ls-files 'm/*/*.py' | head -n 1) " + folder_ +
                 fmt::format("/renamed{}.py && git commit -q -m rename", step);
          break;
        }
        case 7: {
          what = "git rm -q $(git ls-files 'm/*/*.py' | tail -n 1) && git commit -q -m remove";
          break;
        }
        case 8: {
          what =
              "sed -i s/r/r/ alembic.ini; git reset -q --hard HEAD~1; git reflog expire "
              "--expire=now --all; git gc -q --prune=now";
          break;
        }
        case 9: what = "git checkout -q main"; break;
        default: add_migration(random); what = "true";
      }
      repository_.shell("{ " + what + "; }" + undone);
      add_migration(random);
      expect_the_same(fmt::format("seed {}, step {}: {}", seed, step, what));
      if (HasFailure()) return;
    }
  }
}

TEST_F(Remembering, ReadsOnlyWhatIsNew) {
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) add_migration(random);
  expect_the_same("twenty");
  EXPECT_GT(learnt_, 60u);
  expect_the_same("nothing");
  EXPECT_EQ(learnt_, 0u);
  // That it has no script directory is known then, too.
  repository_.shell(
      "git checkout -q --orphan empty; git rm -q -r -f .; git commit -q -m empty "
      "--allow-empty; git checkout -q main");
  expect_the_same("a branch without migrations");
  EXPECT_EQ(learnt_, 2u);
  expect_the_same("nothing again");
  EXPECT_EQ(learnt_, 0u);
  add_migration(random);
  expect_the_same("one");
  // The commit, what it changed, and the file; and the folders of its tip.
  EXPECT_LE(learnt_, 4u);
  EXPECT_GE(learnt_, 3u);
}

TEST_F(Remembering, FollowsTheVersionsFolderWhereItMoves) {
  std::mt19937 random(1);
  for (int i = 0; i < 3; ++i) add_migration(random);
  expect_the_same("before");
  repository_.shell("git mv m n; sed -i 's/= m/= n/' alembic.ini");
  repository_.commit("move");
  folder_ = "n/versions";
  add_migration(random);
  expect_the_same("after");
  repository_.shell("git rm -q n/versions/r0001.py || git rm -q n/versions/dead0001.py");
  repository_.commit("remove");
  expect_the_same("removed");
}

// What is not in the repository any more was searched by nobody, whatever is remembered.
TEST_F(Remembering, EndsWhereTheHistoryDoesThatWasMadeShallow) {
  std::mt19937 random(1);
  for (int i = 0; i < 5; ++i) add_migration(random);
  const TemporaryRepository origin("--bare");
  repository_.shell("git push -q " + origin.path() + " main; git remote add origin file://" +
                    origin.path());
  repository_.shell("git rm -q m/versions/*2.py");
  repository_.commit("remove");
  repository_.shell("git push -q origin main");
  expect_the_same("whole");
  repository_.shell(
      "git fetch -q --depth 1 origin main; git reflog expire --expire=now --all; "
      "git tag -l | xargs -r git tag -d; git gc -q --prune=now");
  const GitRepository git = opened(repository_.path());
  ASSERT_TRUE(search_revisions(git, git.tree_at(""), "HEAD", {}, {"nowhere"}, Stop()).shallow);
  expect_the_same("shallow");
}

// A squash of what was there, by another script directory, in one repository.
TEST_F(Remembering, TellsOneSettingFromAnother) {
  repository_.write("o/env.py", "");
  repository_.write_migration("o/versions/x.py", "oo01");
  repository_.commit("other");
  ScriptSettings other;
  other.script_location = "o";
  const GitRepository git = opened(repository_.path());
  const auto where = [&](const ScriptSettings& settings, const std::string& id) {
    return search_revisions(git, git.tree_at(""), "HEAD", settings, {id, "none"}, Stop())
        .revisions.front()
        .where;
  };
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(where({}, "r0000"), FoundRevision::Where::kInRef);
    EXPECT_EQ(where({}, "oo01"), FoundRevision::Where::kNowhere);
    EXPECT_EQ(where(other, "oo01"), FoundRevision::Where::kInRef);
    EXPECT_EQ(where(other, "r0000"), FoundRevision::Where::kNowhere);
  }
}

}  // namespace
}  // namespace drift::migrations
