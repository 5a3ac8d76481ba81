#include "migrations/revision_graph.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/migrations/topology.h"

namespace drift::migrations {
namespace {

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

}  // namespace
}  // namespace drift::migrations
