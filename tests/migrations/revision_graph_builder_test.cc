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

// ------------------------------------------------------------------------------- missing revisions

constexpr const char* kGone =
    "its file may have been deleted, or be on another branch or in another versions folder";

TEST(MissingRevision, NamesTheFileAndTheIdThatIsGone) {
  expect_one(problems({revision("b", {"9f3c"})}), Fault::kMissingRevision,
             "versions/b_step.py: down_revision '9f3c' is declared by no file", kGone,
             {"versions/b_step.py"});
}

TEST(MissingRevision, OfDependsOnSaysThatALabelWouldDoToo) {
  expect_one(problems({revision("b", {}, {"9f3c"})}), Fault::kMissingRevision,
             "versions/b_step.py: depends_on '9f3c' is neither a revision nor a branch label that "
             "any file declares",
             kGone, {"versions/b_step.py"});
}

TEST(MissingRevision, SuggestsTheNearestId) {
  expect_one(problems({revision("a81c55d09e2f"), revision("ffffffffffff", {"a81c55d09e2f"}),
                       revision("bbbbbbbbbbbb", {"a81c55d0e92f"})}),
             Fault::kMissingRevision,
             "versions/bbbbbbbbbbbb_step.py: down_revision 'a81c55d0e92f' is declared by no file",
             "did you mean 'a81c55d09e2f' (versions/a81c55d09e2f_step.py)?",
             {"versions/bbbbbbbbbbbb_step.py"});
}

TEST(MissingRevision, SuggestsWhatDiffersInCaseOnly) {
  const auto found = problems({in_file("versions/1.py", revision("ABCDEF")),
                               in_file("versions/2.py", revision("b", {"abcdef"}))});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, "did you mean 'ABCDEF' (versions/1.py)?");
}

TEST(MissingRevision, SuggestsWhatItAbbreviates) {
  const auto found = problems({in_file("versions/1.py", revision("a81c55d09e2f")),
                               in_file("versions/2.py", revision("b", {"a81c"}))});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, "did you mean 'a81c55d09e2f' (versions/1.py)?");
}

TEST(MissingRevision, DoesNotGuessAmongShortIds) {
  const auto found = problems({revision("38"), revision("40", {"39"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, kGone);
}

TEST(MissingRevision, PointsToTheFileThatHasTheIdInItsNameOnly) {
  expect_one(problems({in_file("versions/a81c55d09e2f_users.py", revision("7777")),
                       in_file("versions/b.py", revision("8888", {"a81c55d09e2f"}))}),
             Fault::kMissingRevision,
             "versions/b.py: down_revision 'a81c55d09e2f' is declared by no file",
             "versions/a81c55d09e2f_users.py has that id in its name but declares revision '7777'",
             {"versions/b.py"});
  const auto dated = problems({in_file("versions/2024_a81c55d09e2f_x.py", revision("7777")),
                               in_file("versions/b.py", revision("8888", {"a81c55d09e2f"}))});
  ASSERT_EQ(dated.size(), 1u);
  EXPECT_EQ(dated[0].hint,
            "versions/2024_a81c55d09e2f_x.py has that id in its name but declares revision '7777'");
}

TEST(MissingRevision, ALabelIsNoDownRevision) {
  const auto found = problems({revision("a", {}, {}, {"shared"}), revision("b", {"shared"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint,
            "it is a branch label of versions/a_step.py; down_revision takes revision ids, such as "
            "'a'");
}

TEST(MissingRevision, AnEmptyDownRevisionIsNoBase) {
  expect_one(problems({revision("b", {""})}), Fault::kMissingRevision,
             "versions/b_step.py: down_revision '' is declared by no file",
             "a base has down_revision = None", {"versions/b_step.py"});
}

TEST(MissingRevision, AnEmptyDependsOnIsNoDependency) {
  EXPECT_TRUE(problems({revision("b", {}, {""})}).empty());
  const auto found = problems({revision("a"), revision("b", {}, {"", "a"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, "a revision without dependencies has depends_on = None");
}

TEST(MissingRevision, OverlongIdIsCutInTheMessage) {
  const auto found = problems({revision("b", {std::string(5'000'000, 'x')})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, "versions/b_step.py: down_revision '" + std::string(120, 'x') +
                                  "...' is declared by no file");
}

TEST(MissingRevision, ThousandsOfThemAreAllReported) {
  std::vector<Revision> revisions;
  for (int i = 0; i < 20'000; ++i) {
    revisions.push_back(revision(std::to_string(10'000'000 + i), {fmt::format("m{}", i)}));
  }
  // A search of all files for each would take minutes.
  EXPECT_EQ(problems(std::move(revisions)).size(), 20'000u);
}

// ------------------------------------------------------------------------------------------ cycles

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
