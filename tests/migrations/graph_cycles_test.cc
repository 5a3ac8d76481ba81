#include "migrations/graph_cycles.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/migrations/topology.h"

namespace drift::migrations {
namespace {

TEST(Cycle, NamesItsMembersInOrderAndNothingThatHangsOnIt) {
  expect_one(problems({revision("a", {"c"}), revision("b", {"a"}), revision("c", {"b"}),
                       revision("tip", {"c"})}),
             Fault::kCycle,
             "versions/a_step.py: its down_revision leads back to it: 'a' -> 'c' -> 'b' -> 'a'",
             "one of these revisions must name another down_revision, or None",
             {"versions/a_step.py", "versions/c_step.py", "versions/b_step.py"});
}

TEST(Cycle, IsFoundWhereBothABaseAndAHeadReachIt) {
  // Alembic takes this graph, and then never finishes sorting it.
  expect_one(problems({revision("x"), revision("a", {"x", "b"}), revision("b", {"a"}),
                       revision("h", {"b"})}),
             Fault::kCycle,
             "versions/a_step.py: its down_revision leads back to it: 'a' -> 'b' -> 'a'",
             "one of these revisions must name another down_revision, or None",
             {"versions/a_step.py", "versions/b_step.py"});
}

TEST(Cycle, TwoThatShareNoRevisionAreBothReported) {
  EXPECT_EQ(problems({revision("a", {"b"}), revision("b", {"a"}), revision("c", {"d"}),
                      revision("d", {"c"})})
                .size(),
            2u);
}

TEST(Cycle, OneThatIsFirstMetFromOutsideIsToldFromItsFirstFile) {
  expect_one(problems({revision("a", {"c"}), revision("b", {"c"}), revision("c", {"b"})}),
             Fault::kCycle,
             "versions/b_step.py: its down_revision leads back to it: 'b' -> 'c' -> 'b'",
             "one of these revisions must name another down_revision, or None",
             {"versions/b_step.py", "versions/c_step.py"});
}

TEST(Cycle, OneIsFoundBehindARevisionThatHangsOnAnother) {
  const auto found = problems({revision("a", {"b"}), revision("b", {"a"}), revision("c", {"a"}),
                               revision("d", {"e"}), revision("e", {"d"})});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].message,
            "versions/d_step.py: its down_revision leads back to it: 'd' -> 'e' -> 'd'");
}

TEST(Cycle, ThroughDependsOnIsADependencyCycle) {
  expect_one(problems({revision("a1"), revision("a2", {"a1"}, {"b2"}), revision("b1", {}, {"a2"}),
                       revision("b2", {"b1"})}),
             Fault::kDependencyCycle,
             "versions/a2_step.py: its down_revision and depends_on lead back to it: 'a2' -> 'b2' "
             "-> 'b1' -> 'a2'",
             "one of these revisions must lose the depends_on that closes the circle",
             {"versions/a2_step.py", "versions/b2_step.py", "versions/b1_step.py"});
}

TEST(Cycle, ASelfLoopIsNotReportedTwice) {
  const auto found = problems({revision("a", {"a"}, {"a"}), revision("b", {"a"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, Fault::kSelfLoop);
}

TEST(Cycle, OfParentsIsNotReportedAsOneOfDependenciesToo) {
  const auto found =
      problems({revision("a", {"b"}), revision("b", {"a"}), revision("c", {}, {"a"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, Fault::kCycle);
}

TEST(Cycle, TenMembersAreAllNamed) {
  std::vector<Revision> revisions = chain(10);
  revisions.front().down_revisions = {"r100009"};
  const std::vector<Problem> found = problems(std::move(revisions));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].message.ends_with("'r100002' -> 'r100001' -> 'r100000'"))
      << found[0].message;
}

TEST(DeepChain, ThatBitesItsTailNamesTheFirstMembersAndCountsTheRest) {
  std::vector<Revision> revisions = chain(100'000);
  revisions.front().down_revisions = {"r199999"};
  const std::vector<Problem> found = problems(std::move(revisions));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message,
            "versions/r100000_step.py: its down_revision leads back to it: 'r100000' -> 'r199999' "
            "-> 'r199998' -> 'r199997' -> 'r199996' -> 'r199995' -> 'r199994' -> 'r199993' -> "
            "'r199992' -> 'r199991' -> 99990 more -> 'r100000'");
  EXPECT_EQ(found[0].files.size(), 100'000u);
}

}  // namespace
}  // namespace drift::migrations
