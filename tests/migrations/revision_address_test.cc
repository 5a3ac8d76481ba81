#include "migrations/revision_address.h"

#include "tests/migrations/topology.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

// aaaa1 - bbbb2 - cccc3 "shop" - dddd4
//              \ eeee5 "wiki", depends on cccc3
class AddressOf : public Topology {
 protected:
  AddressOf()
      : Topology({revision("aaaa1"), revision("bbbb2", {"aaaa1"}),
                  revision("cccc3", {"bbbb2"}, {}, {"shop"}), revision("dddd4", {"cccc3"}),
                  revision("eeee5", {"bbbb2"}, {"cccc3"}, {"wiki"})}) {}

  Names named(std::string_view address, const Names& rows = {}) const {
    return ids(addressed(graph_, address, indices(rows)));
  }
  void expect_refused(std::string_view address, const std::string& message, const std::string& hint,
                      const Names& rows = {}) const {
    expect_error(thrown_by([&] { named(address, rows); }), Fault::kUsage, message, hint);
  }
};

TEST_F(AddressOf, AnIdItsBeginningAndALabelNameOne) {
  EXPECT_EQ(named("bbbb2"), Names{"bbbb2"});
  EXPECT_EQ(named("b"), Names{"bbbb2"});
  EXPECT_EQ(named("shop"), Names{"cccc3"});
}

TEST_F(AddressOf, HeadsAreTheEffectiveOnes) {
  EXPECT_EQ(named("heads"), (Names{"dddd4", "eeee5"}));
  EXPECT_EQ(named("base"), Names{});
  expect_refused("head", "'head' is ambiguous: the repository has the heads 'dddd4' and 'eeee5'",
                 "say heads for all of them, or one by its id");
}

TEST_F(AddressOf, ABranchHasAHeadOfItsOwn) {
  EXPECT_EQ(named("shop@head"), Names{"dddd4"});
  EXPECT_EQ(named("wiki@heads"), Names{"eeee5"});
  EXPECT_EQ(named("shop@dddd4"), Names{"dddd4"});
  EXPECT_EQ(named("shop@aaaa1"), Names{"aaaa1"});  // what a branch grew from is of it
  EXPECT_EQ(named("cccc3@head"), Names{"dddd4"});  // a revision stands for its branch
  expect_refused("shop@eeee5", "revision 'eeee5' is not a member of branch 'shop'",
                 "schema-drift history lists the labels of each revision");
}

TEST_F(AddressOf, StepsGoUpFromARevisionOrFromTheRows) {
  EXPECT_EQ(named("aaaa1+1"), Names{"bbbb2"});
  EXPECT_EQ(named("+2"), Names{"bbbb2"});
  EXPECT_EQ(named("+1", {"cccc3"}), Names{"dddd4"});
  expect_refused("+1", "'+1' is ambiguous: there is more than one way up",
                 "name a revision instead", {"bbbb2"});
  expect_refused("+1", "'+1' is ambiguous: there is more than one way up",
                 "name a revision instead", {"dddd4", "eeee5"});
  expect_refused("cccc3+2", "'cccc3+2' goes past the head: there is only 1 step",
                 "say head for all that there are");
}

TEST(Address, AShortIdIsNoBeginningOfAnother) {
  const RevisionGraph graph = sound({revision("a1"), revision("abc", {"a1"})});
  expect_error(thrown_by([&] { addressed(graph, "ab", {}); }), Fault::kUsage,
               "there is no revision or branch 'ab'", "did you mean 'a1'?");
}

TEST(Address, ARangeHasTwoSides) {
  EXPECT_FALSE(address_range("head"));
  EXPECT_EQ(address_range("a1:head")->from, "a1");
  EXPECT_EQ(address_range("a1:head")->to, "head");
  EXPECT_EQ(address_range(":b2")->from, "");
  EXPECT_EQ(address_range("a1:")->to, "");
}

TEST_F(AddressOf, WhatAnUpgradeIsAboutKeepsTheRowsAndTheTarget) {
  const RevisionGraph part = up_to(graph_, indices({"cccc3"}), indices({"bbbb2"}));
  ASSERT_EQ(part.revisions().size(), 3u);
  EXPECT_EQ(part.at(part.effective_heads().front()).id, "cccc3");
  EXPECT_EQ(part.pending({part.find("bbbb2").value()}).size(), 1u);
  // A row that is further than the target: nothing is left to run.
  const RevisionGraph beyond = up_to(graph_, indices({"bbbb2"}), indices({"dddd4"}));
  EXPECT_TRUE(beyond.pending({beyond.find("dddd4").value()}).empty());
}

}  // namespace
}  // namespace drift::migrations
