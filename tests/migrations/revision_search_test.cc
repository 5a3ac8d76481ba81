#include "migrations/revision_search.h"

#include <gtest/gtest.h>

#include "tests/migrations/opened.h"
#include "tests/migrations/script_repository.h"

namespace drift::migrations {
namespace {

// tests/e2e/test_explain.py has the histories; here is what a caller passes and gets.
class Searches : public testing::Test {
 protected:
  Searches() {
    repository.write("alembic.ini", "[alembic]\nscript_location = m\n");
    repository.write("m/env.py", "");
    repository.write_migration("m/versions/a.py", "a1b1");
    repository.commit("first");
  }

  RevisionSearch search(const Names& asked, const Stop& stop = Stop()) {
    const GitRepository git = opened(repository.path());
    return search_revisions(git, git.tree_at(""), "HEAD", {}, asked, stop);
  }

  ScriptRepository repository;
};

TEST_F(Searches, AnswerInTheOrderAskedAlsoTwice) {
  const RevisionSearch found = search({"none", "a1b", "a1b1", "none"});
  ASSERT_EQ(found.revisions.size(), 4u);
  EXPECT_EQ(found.revisions[0].where, FoundRevision::Where::kNowhere);
  EXPECT_TRUE(found.revisions[0].certain);
  EXPECT_EQ(found.revisions[0].revision, "none");
  EXPECT_EQ(found.revisions[1].asked, "a1b");
  EXPECT_EQ(found.revisions[1].revision, "a1b1");
  EXPECT_EQ(found.revisions[2].where, FoundRevision::Where::kInRef);
  EXPECT_EQ(found.revisions[2].message, "Change a1b1");
  EXPECT_EQ(found.revisions[2].introduced->summary, "first");
  EXPECT_EQ(found.revisions[3].where, FoundRevision::Where::kNowhere);
  EXPECT_TRUE(found.warnings.empty());
  EXPECT_FALSE(found.shallow);
}

TEST_F(Searches, OfNothingAnswerNothing) { EXPECT_TRUE(search({}).revisions.empty()); }

TEST_F(Searches, SayHowManyFilesARemovalTook) {
  repository.write_migration("m/versions/b.py", "b2b2");
  repository.write_migration("m/versions/c.py", "c3c3");
  repository.commit();
  repository.shell("rm m/versions/b.py m/versions/c.py");
  const std::string removal = repository.commit();
  const FoundRevision found = search({"b2b2"}).revisions.front();
  ASSERT_TRUE(found.removed);
  EXPECT_EQ(found.removed->commit.id, removal);
  EXPECT_EQ(found.removed->others, 1u);
  EXPECT_FALSE(found.removed->line);
  EXPECT_FALSE(found.removed->other);
}

TEST_F(Searches, RefuseWhatAbbreviatesTwoOfTheRef) {
  repository.write_migration("m/versions/b.py", "a1c2", "'a1b1'");
  repository.commit();
  const Error error = error_of([&] { search({"a1"}); });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "revision 'a1' is ambiguous");
  EXPECT_EQ(error.hint, "'a1b1' and 'a1c2' begin with it: give more of it");
}

// Another branch, which nobody asked about, need not even be readable.
TEST_F(Searches, ForWhatTheRefHasLookNowhereElse) {
  repository.write(".git/refs/heads/gone", std::string(40, '1') + "\n");
  EXPECT_TRUE(search({"a1b1", "a1b"}).warnings.empty());
  EXPECT_EQ(search({"a1b1", "none"}).warnings.size(), 1u);
}

// HeldRevisions follows no link; who reads the ref does.
TEST_F(Searches, FindWhatTheRefHasByALink) {
  repository.write_migration("shared/l.py", "e5e5", "'a1b1'");
  repository.shell("ln -s ../../shared/l.py m/versions/l.py");
  repository.commit();
  const FoundRevision found = search({"e5e5"}).revisions.front();
  EXPECT_EQ(found.where, FoundRevision::Where::kInRef);
  EXPECT_EQ(found.file, "shared/l.py");
}

TEST_F(Searches, EndWhenStopIsRequested) {
  Stop stop;
  stop.request();
  EXPECT_EQ(error_of([&] { search({"none"}, stop); }).fault, Fault::kInterrupted);
}

}  // namespace
}  // namespace drift::migrations
