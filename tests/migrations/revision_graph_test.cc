#include "migrations/revision_graph.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/migrations/topology.h"

namespace drift::migrations {
namespace {

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

// ---- 100,000 revisions in a row -------------------------------------------------------------

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

// Each merge doubles the ways up: who walked them all would not come back.
TEST(DeepChain, FiftyMergesInARowAreWalkedOnce) {
  std::vector<Revision> revisions{revision("m00", {}, {}, {"all"})};
  for (int i = 1; i <= 50; ++i) {
    const std::string below = fmt::format("m{:02}", i - 1);
    const std::string left = fmt::format("l{:02}", i);
    const std::string right = fmt::format("r{:02}", i);
    revisions.push_back(revision(left, {below}));
    revisions.push_back(revision(right, {below}));
    revisions.push_back(revision(fmt::format("m{:02}", i), {left, right}));
  }
  const RevisionGraph graph = sound(std::move(revisions));
  const auto top = graph.find("m50").value();
  const auto bottom = graph.find("m00").value();
  EXPECT_TRUE(graph.pending({top}).empty());
  EXPECT_EQ(graph.pending({bottom}).size(), 150u);
  EXPECT_EQ(graph.branch_labels().at("all").size(), 151u);
  EXPECT_EQ(graph.redundant({bottom, top}).size(), 1u);
}

TEST(EmptyGraph, HasNoHeads) {
  const RevisionGraph graph = sound({});
  EXPECT_TRUE(graph.heads().empty());
  EXPECT_TRUE(graph.upgrade_order().empty());
  EXPECT_TRUE(graph.branch_labels().empty());
  EXPECT_TRUE(graph.pending({}).empty());
}

}  // namespace
}  // namespace drift::migrations
