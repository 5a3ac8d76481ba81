#include "migrations/revision_graph.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/migrations/topology.h"

namespace drift::migrations {
namespace {

TEST(GraphProblem, RevisionThatFollowsItselfIsASelfLoop) {
  expect_one(problems({revision("a", {"a"})}), Fault::kSelfLoop,
             "versions/a_step.py: revision 'a' names itself as down_revision",
             "down_revision is the revision that this one follows, or None for a base",
             {"versions/a_step.py"});
}

TEST(GraphProblem, RevisionThatDependsOnItselfIsADependencyLoop) {
  expect_one(problems({revision("a", {}, {"a"})}), Fault::kDependencyLoop,
             "versions/a_step.py: revision 'a' names itself in depends_on",
             "take the revision's own id out of depends_on", {"versions/a_step.py"});
}

TEST(GraphProblem, RevisionThatDependsOnItsOwnLabelIsADependencyCycleAsInAlembic) {
  expect_one(problems({revision("a", {}, {"mine"}, {"mine"})}), Fault::kDependencyCycle,
             "versions/a_step.py: its down_revision and depends_on lead back to it: 'a' -> 'a'",
             "one of these revisions must lose the depends_on that closes the circle",
             {"versions/a_step.py"});
}

TEST(GraphProblem, EachIllegalCharacterOfAnIdIsNamed) {
  for (const char character : {'@', '-', '+', ':'}) {
    const std::string id = fmt::format("a{}b", character);
    expect_one(
        problems({in_file("versions/x.py", revision(id))}), Fault::kInvalidRevisionId,
        fmt::format("versions/x.py: revision id '{}' holds '{}', which Alembic does not allow", id,
                    character),
        "a revision id may hold none of @ - + :", {"versions/x.py"});
  }
}

TEST(GraphProblem, SpacesDotsSlashesAndUnicodeAreLegalInIds) {
  EXPECT_TRUE(problems({revision("a b"), revision("v3.2.0.a", {"a b"}), revision("x/y"),
                        revision("ключ"), revision("0")})
                  .empty());
}

TEST(GraphProblem, EmptyIdIsInvalid) {
  expect_one(problems({in_file("versions/x.py", revision(""))}), Fault::kInvalidRevisionId,
             "versions/x.py: the revision id is empty", "give the revision an id",
             {"versions/x.py"});
}

TEST(GraphProblem, IdWithANulByteIsInvalid) {
  expect_one(problems({in_file("versions/x.py", revision(std::string("a\0b", 3)))}),
             Fault::kInvalidRevisionId,
             "versions/x.py: the revision id holds a NUL byte, which PostgreSQL cannot store",
             "give the revision an id of printable characters", {"versions/x.py"});
}

TEST(GraphProblem, RepeatedIdNamesEveryFile) {
  expect_one(
      problems({in_file("versions/1.py", revision("a")), revision("b", {"a"}),
                in_file("versions/3.py", revision("a")), in_file("versions/2.py", revision("a"))}),
      Fault::kDuplicateRevision,
      "revision 'a' is declared by 3 files: versions/1.py, versions/2.py, versions/3.py",
      "give each file an id of its own; Alembic would only warn and use whichever file it "
      "loads last",
      {"versions/1.py", "versions/2.py", "versions/3.py"});
}

// With either file alone there is a cycle or there is none.
TEST(GraphProblem, RepeatedIdIsNoCycleToo) {
  const auto found = problems({in_file("versions/1.py", revision("a", {"b"})),
                               in_file("versions/2.py", revision("a")), revision("b", {"a"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, Fault::kDuplicateRevision);
}

TEST(GraphProblem, LabelThatTwoFilesDeclareIsAConflict) {
  expect_one(problems({revision("a", {}, {}, {"x"}), revision("b", {}, {}, {"x"})}),
             Fault::kLabelConflict,
             "versions/b_step.py: branch label 'x' is already declared by versions/a_step.py",
             "every branch label is declared once, and differs from every revision id",
             {"versions/b_step.py", "versions/a_step.py"});
}

TEST(GraphProblem, LabelThatIsARevisionIdIsAConflict) {
  expect_one(problems({revision("a", {}, {}, {"b"}), revision("b")}), Fault::kLabelConflict,
             "versions/a_step.py: branch label 'b' is also a revision id, of versions/b_step.py",
             "every branch label is declared once, and differs from every revision id",
             {"versions/a_step.py", "versions/b_step.py"});
}

TEST(GraphProblem, LabelThatOneFileDeclaresTwiceIsAConflict) {
  expect_one(problems({revision("a", {}, {}, {"x", "x"})}), Fault::kLabelConflict,
             "versions/a_step.py: branch label 'x' is declared twice",
             "every branch label is declared once, and differs from every revision id",
             {"versions/a_step.py"});
}

TEST(GraphProblems, ComeInTheOrderInWhichAlembicMeetsThem) {
  const auto found = problems({
      in_file("versions/1.py", revision("lost", {"no_such"})),
      in_file("versions/2.py", revision("needy", {}, {"no_other"})),
      in_file("versions/3.py", revision("l1", {}, {}, {"x"})),
      in_file("versions/4.py", revision("l2", {}, {}, {"x"})),
      in_file("versions/5.py", revision("twice")),
      in_file("versions/6.py", revision("twice")),
      in_file("versions/7.py", revision("bad-id")),
      in_file("versions/8.py", revision("loop", {"loop"})),
  });
  std::vector<std::string> kinds;
  for (const Problem& problem : found) kinds.emplace_back(fault_name(problem.kind));
  EXPECT_EQ(kinds, Names({"invalid_revision_id", "self_loop", "duplicate_revision",
                          "label_conflict", "missing_revision", "missing_revision"}));
  EXPECT_NE(found[4].message.find("no_other"), std::string::npos);
  EXPECT_NE(found[5].message.find("no_such"), std::string::npos);
}

TEST(GraphEdges, ParentNamedTwiceIsOne) {
  const RevisionGraph graph = sound({revision("a"), revision("b", {"a", "a"})});
  EXPECT_EQ(graph.parents(graph.find("b").value()).size(), 1u);
  EXPECT_TRUE(graph.merge_points().empty());
  EXPECT_TRUE(graph.branch_points().empty());
}

TEST(GraphProblems, LeaveAnEmptyGraph) {
  const auto built = RevisionGraph::build({revision("a"), revision("b", {"gone"})});
  EXPECT_TRUE(built.graph.revisions().empty());
  EXPECT_FALSE(built.graph.find("a").has_value());
}

TEST(GraphWarning, IdOverThirtyTwoCharactersIsNamed) {
  const std::string id(33, 'a');
  const auto built = RevisionGraph::build({in_file("versions/x.py", revision(id))});
  EXPECT_TRUE(built.problems.empty());
  EXPECT_EQ(built.warnings,
            Names({"versions/x.py: revision id '" + id +
                   "' has 33 characters, but alembic_version.version_num holds 32 unless it was "
                   "widened"}));
}

TEST(GraphWarning, CharactersAreCountedNotBytes) {
  std::string id;
  for (int i = 0; i < 32; ++i) id += "ж";
  EXPECT_TRUE(RevisionGraph::build({revision(id)}).warnings.empty());
}

}  // namespace
}  // namespace drift::migrations
