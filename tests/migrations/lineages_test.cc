#include "migrations/lineages.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "migrations/lineage.h"
#include "tests/migrations/opened.h"
#include "tests/migrations/script_repository.h"
#include "tests/migrations/topology.h"

namespace drift::migrations {
namespace {

// tests/e2e/test_elsewhere.py has the histories; here is what a caller passes and gets.
class Searched : public testing::Test {
 protected:
  Searched() {
    repository.write("alembic.ini", "[alembic]\nscript_location = m\n");
    repository.write("m/env.py", "");
    write("a1b1", "None");
    repository.commit();
    repository.shell("git checkout -q -b side");
  }

  void write(const std::string& id, const std::string& down, const std::string& more = "") {
    repository.write("m/versions/" + id + ".py",
                     "revision = '" + id + "'\ndown_revision = " + down + "\n" + more);
  }

  FoundRevision row(const std::string& id) {
    const GitRepository git = opened(repository.path());
    return search_rows(git, git.tree_at("main"), "main", {}, {id}, Stop()).revisions.front();
  }

  ScriptRepository repository;
};

Names ids(const Lineage& lineage) {
  Names all;
  for (const Revision& revision : lineage.revisions) all.push_back(revision.id);
  std::sort(all.begin(), all.end());
  return all;
}

TEST_F(Searched, RowsAreWholeIdsAndHaveTheirAncestors) {
  write("b2b2", "'a1b1'");
  write("c3c3", "'a1b1'");
  const std::string commit = repository.commit();
  const FoundRevision found = row("b2b2");
  ASSERT_EQ(found.lineages.size(), 1u);
  EXPECT_EQ(found.lineages[0].commit, commit);
  EXPECT_EQ(ids(found.lineages[0]), (Names{"a1b1", "b2b2"}));
  EXPECT_EQ(row("b2b").where, FoundRevision::Where::kNowhere);
  EXPECT_TRUE(row("b2b").lineages.empty());
}

TEST_F(Searched, AnotherParentIsAnotherLineageAndAnEditIsNone) {
  write("b2b2", "None");
  const std::string before = repository.commit();
  write("b2b2", "None", "# edited\n");
  repository.commit();
  write("b2b2", "'a1b1'");
  const std::string after = repository.commit();
  const FoundRevision found = row("b2b2");
  ASSERT_EQ(found.lineages.size(), 2u);
  EXPECT_EQ(found.lineages[0].commit, after);
  EXPECT_EQ(ids(found.lineages[1]), Names{"b2b2"});
  EXPECT_TRUE(found.lineage_unknown_because.empty());
  EXPECT_NE(found.lineages[1].commit, after);
  EXPECT_NE(before, after);
}

TEST_F(Searched, AnAncestorThatWasRewrittenCountsToo) {
  write("b2b2", "None");
  write("c3c3", "'b2b2'");
  repository.commit();
  write("b2b2", "'a1b1'");
  repository.commit();
  const FoundRevision found = row("c3c3");
  ASSERT_EQ(found.lineages.size(), 2u);
  EXPECT_EQ(ids(found.lineages[0]), (Names{"a1b1", "b2b2", "c3c3"}));
  EXPECT_EQ(ids(found.lineages[1]), (Names{"b2b2", "c3c3"}));
}

TEST_F(Searched, ACommitThatAlembicRefusesTellsNothing) {
  write("b2b2", "'a1b1'");
  repository.commit();
  write("b2b2", "'gone'");
  repository.commit();
  const FoundRevision found = row("b2b2");
  ASSERT_EQ(found.lineages.size(), 1u);
  EXPECT_EQ(ids(found.lineages[0]), (Names{"a1b1", "b2b2"}));
  EXPECT_TRUE(found.lineage_unknown_because.empty());
}

TEST_F(Searched, ACommitThatOnlyWeCannotReadLeavesItUndecided) {
  write("b2b2", "'a1b1'");
  repository.commit();
  write("c3c3", "compute()");
  const std::string commit = repository.commit();
  FoundRevision found = row("b2b2");
  EXPECT_TRUE(found.lineages.empty());
  EXPECT_EQ(found.lineage_unknown_because.find("the migrations at commit " + commit.substr(0, 12) +
                                               " have a problem: m/versions/c3c3.py:2: "),
            0u)
      << found.lineage_unknown_because;
  repository.shell("rm m/versions/c3c3.py");
  write("b2b2", "compute()");
  repository.commit();
  write("b2b2", "'a1b1'");
  repository.commit();
  found = row("b2b2");
  EXPECT_EQ(found.lineages.size(), 1u);
  EXPECT_FALSE(found.lineage_unknown_because.empty());
}

TEST_F(Searched, WhatWasRewrittenVeryOftenIsLeftUndecided) {
  for (int i = 0; i < 9; ++i) {
    const std::string id = "d" + std::to_string(i) + "d0";
    write(id, "None");
    write("b2b2", "'" + id + "'");
    repository.commit();
  }
  const FoundRevision found = row("b2b2");
  EXPECT_EQ(found.lineages.size(), Lineages::kMost);
  EXPECT_EQ(found.lineage_unknown_because, "it and its ancestors were rewritten more than 8 times");
}

TEST(Lineage, HasDependenciesAsIdsAndNoLabels) {
  const RevisionGraph graph =
      sound({revision("a", {}, {}, {"core"}), revision("b", {}, {"core"}), revision("c", {"a"})});
  const std::vector<Revision> all = with_ancestors(graph, {graph.find("b").value()});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].dependencies, Names{"a"});
  EXPECT_TRUE(all[0].branch_labels.empty());
}

}  // namespace
}  // namespace drift::migrations
