#include "migrations/revision_graph.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace drift::migrations {
namespace {

using Names = std::vector<std::string>;

// One line of a topology. The path is that of a file as `alembic revision` would name it.
Revision revision(std::string id, Names down = {}, Names dependencies = {}, Names labels = {}) {
  Revision made;
  made.path = "versions/" + id + "_step.py";
  made.id = std::move(id);
  made.down_revisions = std::move(down);
  made.dependencies = std::move(dependencies);
  made.branch_labels = std::move(labels);
  return made;
}

Revision in_file(std::string path, Revision made) {
  made.path = std::move(path);
  return made;
}

RevisionGraph sound(std::vector<Revision> revisions) {
  RevisionGraph::Built built = RevisionGraph::build(std::move(revisions));
  for (const Problem& problem : built.problems) ADD_FAILURE() << problem.message;
  return std::move(built.graph);
}

std::vector<Problem> problems(std::vector<Revision> revisions) {
  return RevisionGraph::build(std::move(revisions)).problems;
}

class Topology : public testing::Test {
 protected:
  explicit Topology(std::vector<Revision> revisions) : graph_(sound(std::move(revisions))) {}

  Names ids(const std::vector<RevisionGraph::Index>& indices) const {
    Names names;
    for (const auto index : indices) names.push_back(graph_.at(index).id);
    return names;
  }
  std::vector<RevisionGraph::Index> indices(const Names& names) const {
    std::vector<RevisionGraph::Index> found;
    for (const std::string& name : names) found.push_back(graph_.find(name).value());
    return found;
  }
  Names heads() const { return ids(graph_.heads()); }
  Names effective_heads() const { return ids(graph_.effective_heads()); }
  Names bases() const { return ids(graph_.bases()); }
  Names branch_points() const { return ids(graph_.branch_points()); }
  Names merge_points() const { return ids(graph_.merge_points()); }
  Names upgrade_order() const { return ids(graph_.upgrade_order()); }
  Names pending(const Names& rows) const { return ids(graph_.pending(indices(rows))); }
  Names carriers(const std::string& label) const { return ids(graph_.branch_labels().at(label)); }
  // "a<c" says that row a is redundant because of row c.
  Names redundant(const Names& rows) const {
    Names found;
    for (const auto& entry : graph_.redundant(indices(rows))) {
      found.push_back(graph_.at(entry.row).id + "<" + graph_.at(entry.covered_by).id);
    }
    return found;
  }

  RevisionGraph graph_;
};

// ---- a, b, c, d in a row, with a label in the middle ----------------------------------------

class Linear : public Topology {
 protected:
  // The files sort against the order of the revisions.
  Linear()
      : Topology({in_file("versions/1.py", revision("d", {"c"})),
                  in_file("versions/2.py", revision("c", {"b"}, {}, {"middle"})),
                  in_file("versions/3.py", revision("b", {"a"})),
                  in_file("versions/4.py", revision("a"))}) {}
};

TEST_F(Linear, HasOneHeadAndOneBase) {
  EXPECT_EQ(heads(), Names({"d"}));
  EXPECT_EQ(effective_heads(), Names({"d"}));
  EXPECT_EQ(bases(), Names({"a"}));
  EXPECT_EQ(branch_points(), Names());
  EXPECT_EQ(merge_points(), Names());
}

TEST_F(Linear, IsUpgradedFromTheBaseWhateverTheFilesAreCalled) {
  EXPECT_EQ(upgrade_order(), Names({"a", "b", "c", "d"}));
  EXPECT_EQ(pending({}), Names({"a", "b", "c", "d"}));
  EXPECT_EQ(pending({"b"}), Names({"c", "d"}));
  EXPECT_EQ(pending({"d"}), Names());
}

TEST_F(Linear, SpreadsALabelToTheWholeChain) {
  EXPECT_EQ(carriers("middle"), Names({"a", "b", "c", "d"}));
}

TEST_F(Linear, RowsThatAreAncestorsOfAnotherAreRedundant) {
  EXPECT_EQ(redundant({"a", "c", "d"}), Names({"a<d", "c<d"}));
  EXPECT_EQ(redundant({"c"}), Names());
  EXPECT_EQ(redundant({}), Names());
}

TEST_F(Linear, MarksInclusiveAncestors) {
  const std::vector<bool> marked = graph_.ancestors(indices({"b"}));
  EXPECT_EQ(marked, std::vector<bool>({false, false, true, true}));
}

TEST_F(Linear, FindsExactIdsOnly) {
  EXPECT_TRUE(graph_.find("a").has_value());
  EXPECT_FALSE(graph_.find("A").has_value());
  EXPECT_FALSE(graph_.find("middle").has_value());
  EXPECT_FALSE(graph_.find("head").has_value());
  EXPECT_FALSE(graph_.find("").has_value());
  EXPECT_EQ(graph_.at(graph_.declares_label("middle").value()).id, "c");
  EXPECT_FALSE(graph_.declares_label("c").has_value());
}

TEST_F(Linear, AnswersTheSameAfterItWasMoved) {
  // Ids this short live inside their strings, which a move of the strings would relocate.
  const RevisionGraph moved = std::move(graph_);
  EXPECT_EQ(moved.at(moved.find("c").value()).id, "c");
  EXPECT_EQ(moved.heads().size(), 1u);
}

// ---- abbreviations --------------------------------------------------------------------------

class AlikeIds : public Topology {
 protected:
  AlikeIds()
      : Topology({revision("ab12"), revision("ab13", {"ab12"}), revision("ab2", {"ab13"}),
                  revision("b", {"ab2"})}) {}
};

TEST_F(AlikeIds, AreFoundByTheirBeginning) {
  EXPECT_EQ(graph_.abbreviated_by("ab1"), Names({"ab12", "ab13"}));
  EXPECT_EQ(graph_.abbreviated_by("ab"), Names({"ab12", "ab13", "ab2"}));
  EXPECT_EQ(graph_.abbreviated_by("ab", 2), Names({"ab12", "ab13"}));
  EXPECT_EQ(graph_.abbreviated_by("b"), Names({"b"}));
  EXPECT_EQ(graph_.abbreviated_by("c"), Names());
}

// ---- a -> b and c -> d, apart ---------------------------------------------------------------

class TwoBases : public Topology {
 protected:
  TwoBases()
      : Topology({revision("a", {}, {}, {"left"}), revision("b", {"a"}),
                  revision("c", {}, {}, {"right"}), revision("d", {"c"})}) {}
};

TEST_F(TwoBases, HaveAHeadEach) {
  EXPECT_EQ(heads(), Names({"b", "d"}));
  EXPECT_EQ(effective_heads(), Names({"b", "d"}));
  EXPECT_EQ(bases(), Names({"a", "c"}));
}

TEST_F(TwoBases, KeepTheirLabelsApart) {
  EXPECT_EQ(carriers("left"), Names({"a", "b"}));
  EXPECT_EQ(carriers("right"), Names({"c", "d"}));
}

TEST_F(TwoBases, WaitForTheOneThatIsNotApplied) {
  EXPECT_EQ(pending({"b"}), Names({"c", "d"}));
  EXPECT_EQ(pending({"a", "d"}), Names({"b"}));
  EXPECT_EQ(redundant({"b", "d"}), Names());
}

// ---- base -> trunk -> {left1 -> left2, right1} ----------------------------------------------

class Branched : public Topology {
 protected:
  Branched()
      : Topology({revision("base", {}, {}, {"below"}), revision("trunk", {"base"}),
                  revision("left1", {"trunk"}), revision("left2", {"left1"}, {}, {"tip"}),
                  revision("right1", {"trunk"}, {}, {"right"})}) {}
};

TEST_F(Branched, HasAHeadOnEachBranch) {
  EXPECT_EQ(heads(), Names({"left2", "right1"}));
  EXPECT_EQ(branch_points(), Names({"trunk"}));
  EXPECT_EQ(bases(), Names({"base"}));
}

TEST_F(Branched, ALabelOnTheTipClimbsToTheBranchPointButNotOntoIt) {
  EXPECT_EQ(carriers("tip"), Names({"left1", "left2"}));
  EXPECT_EQ(carriers("right"), Names({"right1"}));
}

TEST_F(Branched, ALabelOnTheBaseIsCarriedByEveryBranch) {
  EXPECT_EQ(carriers("below"), Names({"base", "left1", "left2", "right1", "trunk"}));
}

TEST_F(Branched, OneBranchMayBeAppliedWithoutTheOther) {
  EXPECT_EQ(pending({"left2"}), Names({"right1"}));
  EXPECT_EQ(pending({"trunk"}), Names({"left1", "left2", "right1"}));
}

// ---- two bases that a merge joins -----------------------------------------------------------

class Merged : public Topology {
 protected:
  Merged()
      : Topology({revision("a", {}, {}, {"left"}), revision("b"), revision("join", {"a", "b"}),
                  revision("tip", {"join"}, {}, {"after"})}) {}
};

TEST_F(Merged, HasOneHead) {
  EXPECT_EQ(heads(), Names({"tip"}));
  EXPECT_EQ(bases(), Names({"a", "b"}));
  EXPECT_EQ(merge_points(), Names({"join"}));
}

TEST_F(Merged, ALabelClimbsToTheMergePointButNotOntoIt) {
  EXPECT_EQ(carriers("after"), Names({"tip"}));
}

TEST_F(Merged, ALabelSpreadsDownThroughTheMerge) {
  EXPECT_EQ(carriers("left"), Names({"a", "join", "tip"}));
}

TEST_F(Merged, KeepsParentsInTheOrderWritten) {
  EXPECT_EQ(ids(graph_.parents(graph_.find("join").value())), Names({"a", "b"}));
}

TEST_F(Merged, NeedsTheParentThatIsNotApplied) {
  EXPECT_EQ(pending({"a"}), Names({"b", "join", "tip"}));
}

// ---- top <- {left, right} <- bottom ---------------------------------------------------------

class Diamond : public Topology {
 protected:
  Diamond()
      : Topology({revision("bottom", {}, {}, {"whole"}), revision("left", {"bottom"}),
                  revision("right", {"bottom"}), revision("top", {"left", "right"})}) {}
};

TEST_F(Diamond, BranchesAndMerges) {
  EXPECT_EQ(heads(), Names({"top"}));
  EXPECT_EQ(branch_points(), Names({"bottom"}));
  EXPECT_EQ(merge_points(), Names({"top"}));
  EXPECT_EQ(carriers("whole"), Names({"bottom", "left", "right", "top"}));
}

TEST_F(Diamond, BothSidesStandAsRowsUntilTheyAreMerged) {
  EXPECT_EQ(redundant({"left", "right"}), Names());
  EXPECT_EQ(pending({"left", "right"}), Names({"top"}));
  EXPECT_EQ(redundant({"bottom", "left", "right"}), Names({"bottom<left"}));
}

// ---- two merges of the same two branches ----------------------------------------------------

class CrissCross : public Topology {
 protected:
  CrissCross()
      : Topology({revision("base"), revision("a1", {"base"}), revision("b1", {"base"}),
                  revision("a2", {"a1", "b1"}), revision("b2", {"b1", "a1"})}) {}
};

TEST_F(CrissCross, HasTwoHeadsThatShareAllAncestors) {
  EXPECT_EQ(heads(), Names({"a2", "b2"}));
  EXPECT_EQ(branch_points(), Names({"a1", "b1", "base"}));
  EXPECT_EQ(merge_points(), Names({"a2", "b2"}));
  EXPECT_EQ(pending({"a2"}), Names({"b2"}));
  EXPECT_EQ(redundant({"a2", "b2"}), Names());
}

// ---- a1 -> a2 -> a3, and b1 -> b2 where b1 depends on a2 ------------------------------------

class DependsAcrossBranches : public Topology {
 protected:
  DependsAcrossBranches()
      : Topology({revision("a1", {}, {}, {"first"}), revision("a2", {"a1"}),
                  revision("b1", {}, {"a2"}, {"second"}), revision("b2", {"b1"})}) {}
};

TEST_F(DependsAcrossBranches, AHeadThatIsDependedOnIsNoEffectiveHead) {
  EXPECT_EQ(heads(), Names({"a2", "b2"}));
  EXPECT_EQ(effective_heads(), Names({"b2"}));
  EXPECT_EQ(bases(), Names({"a1", "b1"}));
  EXPECT_EQ(branch_points(), Names());
}

TEST_F(DependsAcrossBranches, TheRowOfTheDependentImpliesWhatItDependsOn) {
  EXPECT_EQ(pending({"b2"}), Names());
  EXPECT_EQ(redundant({"a2", "b2"}), Names({"a2<b2"}));
  EXPECT_EQ(pending({"a2"}), Names({"b1", "b2"}));
}

TEST_F(DependsAcrossBranches, WhatIsDependedOnComesFirst) {
  EXPECT_EQ(upgrade_order(), Names({"a1", "a2", "b1", "b2"}));
}

TEST_F(DependsAcrossBranches, LabelsDoNotFollowDependencies) {
  EXPECT_EQ(carriers("first"), Names({"a1", "a2"}));
  EXPECT_EQ(carriers("second"), Names({"b1", "b2"}));
}

TEST_F(DependsAcrossBranches, TellsDependenciesFromParents) {
  const auto b1 = graph_.find("b1").value();
  EXPECT_EQ(ids(graph_.dependencies(b1)), Names({"a2"}));
  EXPECT_EQ(ids(graph_.parents(b1)), Names());
}

// ---- the same, where the branch that is depended on has gone on -----------------------------

class DependsOnAnOlderRevision : public Topology {
 protected:
  DependsOnAnOlderRevision()
      : Topology({revision("a1"), revision("a2", {"a1"}, {}, {"label"}), revision("a3", {"a2"}),
                  revision("b1", {}, {"a2"})}) {}
};

TEST_F(DependsOnAnOlderRevision, BothHeadsStay) {
  EXPECT_EQ(effective_heads(), Names({"a3", "b1"}));
  EXPECT_EQ(redundant({"a3", "b1"}), Names());
}

TEST_F(DependsOnAnOlderRevision, BeingDependedOnStopsALabelLikeABranchPoint) {
  // a2 has one child and one dependent, so the label does not climb past it.
  EXPECT_EQ(carriers("label"), Names({"a2", "a3"}));
}

// ---- depends_on a branch label --------------------------------------------------------------

class DependsOnALabel : public Topology {
 protected:
  DependsOnALabel()
      : Topology({revision("a1"), revision("a2", {"a1"}, {}, {"shared"}), revision("a3", {"a2"}),
                  revision("b1", {}, {"shared", "a2"})}) {}
};

TEST_F(DependsOnALabel, MeansTheRevisionThatDeclaresIt) {
  EXPECT_EQ(ids(graph_.dependencies(graph_.find("b1").value())), Names({"a2"}));
  EXPECT_EQ(pending({"a1"}), Names({"a2", "a3", "b1"}));
}

// ---- a dependency on one's own parent -------------------------------------------------------

class DependsOnItsParent : public Topology {
 protected:
  DependsOnItsParent() : Topology({revision("a"), revision("b", {"a"}, {"a"})}) {}
};

TEST_F(DependsOnItsParent, CountsThatEdgeOnce) {
  EXPECT_EQ(heads(), Names({"b"}));
  EXPECT_EQ(branch_points(), Names());
  EXPECT_EQ(upgrade_order(), Names({"a", "b"}));
}

// ---- 100,000 revisions in a row -------------------------------------------------------------

std::vector<Revision> chain(int length) {
  std::vector<Revision> revisions;
  for (int i = 0; i < length; ++i) {
    revisions.push_back(revision(fmt::format("r{}", 100000 + i)));
    if (i > 0) revisions.back().down_revisions = {fmt::format("r{}", 100000 + i - 1)};
  }
  return revisions;
}

TEST(DeepChain, IsWalkedWithoutRecursion) {
  std::vector<Revision> revisions = chain(100'000);
  revisions[50'000].branch_labels = {"middle"};
  const RevisionGraph graph = sound(std::move(revisions));
  ASSERT_EQ(graph.heads().size(), 1u);
  EXPECT_EQ(graph.at(graph.heads().front()).id, "r199999");
  EXPECT_EQ(graph.upgrade_order().size(), 100'000u);
  EXPECT_EQ(graph.pending({graph.find("r150000").value()}).size(), 49'999u);
  EXPECT_EQ(graph.branch_labels().at("middle").size(), 100'000u);
  const auto redundant =
      graph.redundant({graph.find("r100000").value(), graph.find("r199999").value()});
  ASSERT_EQ(redundant.size(), 1u);
  EXPECT_EQ(graph.at(redundant.front().covered_by).id, "r199999");
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

TEST(DeepChain, OneRevisionWithTenThousandParentsIsOneMerge) {
  std::vector<Revision> revisions;
  Revision merge = revision("merge");
  for (int i = 0; i < 10'000; ++i) {
    revisions.push_back(revision(fmt::format("p{}", i)));
    merge.down_revisions.push_back(revisions.back().id);
    merge.dependencies.push_back(revisions.back().id);
  }
  revisions.push_back(merge);
  const RevisionGraph graph = sound(std::move(revisions));
  EXPECT_EQ(graph.heads().size(), 1u);
  EXPECT_EQ(graph.merge_points().size(), 1u);
}

TEST(EmptyGraph, HasNoHeads) {
  const RevisionGraph graph = sound({});
  EXPECT_TRUE(graph.heads().empty());
  EXPECT_TRUE(graph.upgrade_order().empty());
  EXPECT_TRUE(graph.branch_labels().empty());
  EXPECT_TRUE(graph.pending({}).empty());
}

// ---- what is wrong with a graph --------------------------------------------------------------

void expect_one(const std::vector<Problem>& found, Fault kind, const std::string& message,
                const std::string& hint, const Names& files) {
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(fault_name(found[0].kind), fault_name(kind));
  EXPECT_EQ(found[0].message, message);
  EXPECT_EQ(found[0].hint, hint);
  EXPECT_EQ(found[0].files, files);
}

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

constexpr const char* kGone =
    "its file may have been deleted, or stand on another branch or in another versions folder";

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
  EXPECT_EQ(found[0].message, "versions/b_step.py: down_revision '" + std::string(100, 'x') +
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
